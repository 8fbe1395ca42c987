package guard

import (
	"io"
	stdlog "log"
)

// quiet keeps a test server from complaining about who hung up on it.
func quiet() *stdlog.Logger { return stdlog.New(io.Discard, "", 0) }
