package export

import (
	"io"

	"github.com/lazytrace/lazytrace/eventlog"
)

// OTLPFile writes spans as the file exporter of the OpenTelemetry Collector does and
// its file receiver reads them: one ExportTraceServiceRequest in JSON a line. The
// spans are those that OTLP sends.
type OTLPFile struct {
	tree  *spanTree
	out   io.Writer
	held  []*span
	size  int64
	spans int64
	err   error
}

// How much a line holds, unless a single span is larger.
const (
	spansOfLine = 512
	bytesOfLine = 1 << 20
)

// NewOTLPFile returns an exporter to a writer. The version is that of the program.
func NewOTLPFile(out io.Writer, version string) *OTLPFile {
	x := &OTLPFile{out: out}
	x.tree = newSpanTree(x.take)
	x.tree.version = version
	return x
}

// Name says what it is.
func (x *OTLPFile) Name() string { return "otlp lines" }

// Spans returns how many spans were written.
func (x *OTLPFile) Spans() int64 { return x.spans }

// Export takes an event.
func (x *OTLPFile) Export(e eventlog.Event) error {
	x.tree.add(&e)
	return x.err
}

// Close ends all spans that are open and writes what is left.
func (x *OTLPFile) Close() error {
	x.tree.close()
	x.flush()
	return x.err
}

func (x *OTLPFile) take(s *span) {
	if len(x.held) > 0 && x.size+s.size() > bytesOfLine {
		x.flush()
	}
	x.held, x.size = append(x.held, s), x.size+s.size()
	if len(x.held) >= spansOfLine {
		x.flush()
	}
}

func (x *OTLPFile) flush() {
	if len(x.held) > 0 && x.err == nil {
		x.spans += int64(len(x.held))
		_, x.err = x.out.Write(append(jsonOf(x.held), '\n'))
	}
	x.held, x.size = nil, 0
}
