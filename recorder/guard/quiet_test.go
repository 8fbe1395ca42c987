package guard

import (
	"log/slog"
	"net/http"
)

// quiet keeps a test server from complaining about who hung up on it.
func quiet(s *http.Server) { s.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) }
