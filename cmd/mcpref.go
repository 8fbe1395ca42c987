package cmd

import (
	"context"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"

	"github.com/lazytrace/lazytrace/cmd/mcp"
	"github.com/lazytrace/lazytrace/eventlog"
)

// refOf names a record by the log that it stands in and its place there, so that the
// name holds however often and in whatever order logs are read: @LOG:POSITION, with
// /TABLE and .EVENT where these are not the first.
func refOf(path string, table uint16, pos int64, sub uint32) string {
	ref := fmt.Sprintf("@%08x:%d", crc32.ChecksumIEEE([]byte(path)), pos)
	if table > 0 {
		ref += fmt.Sprintf("/%d", table)
	}
	if sub > 0 {
		ref += fmt.Sprintf(".%d", sub)
	}
	return ref
}

// place is what a ref says. What it does not say is zero.
type place struct {
	log   uint32
	pos   int64
	table uint16
	sub   uint32
}

func parseRef(ref string) (p place, ok bool) {
	rest, is := strings.CutPrefix(ref, "@")
	log, rest, more := strings.Cut(rest, ":")
	rest, sub, hasSub := strings.Cut(rest, ".")
	rest, table, hasTable := strings.Cut(rest, "/")
	n, err := strconv.ParseUint(log, 16, 32)
	if !is || !more || err != nil {
		return p, false
	}
	p.log = uint32(n)
	if p.pos, err = strconv.ParseInt(rest, 10, 64); err != nil {
		return p, false
	}
	if hasTable {
		if n, err = strconv.ParseUint(table, 10, 16); err != nil {
			return p, false
		}
		p.table = uint16(n)
	}
	if hasSub {
		if n, err = strconv.ParseUint(sub, 10, 32); err != nil {
			return p, false
		}
		p.sub = uint32(n)
	}
	return p, true
}

// rowRef names a row.
func rowRef(snap *eventlog.Snapshot, id eventlog.RowID) string {
	row := snap.Rows.At(int(id))
	return refOf(rowPath(snap, &row), row.Table, row.Pos, row.Sub)
}

func rowPath(snap *eventlog.Snapshot, row *eventlog.Row) string {
	if int(row.Segment) < len(snap.Paths) {
		return snap.Paths[row.Segment]
	}
	return ""
}

// row finds the row that a ref, or the id of an event or call, names.
func (t *tools) row(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot, name string) (eventlog.RowID, error) {
	if name = mcp.Given(name); name == "" {
		return 0, fmt.Errorf("which event? give its ref, as trace, find and why_failed tell it, or its id")
	}
	p, ok := parseRef(name)
	if !ok {
		return rowByID(ctx, log, snap, name)
	}
	for i, row := range snap.Rows.All() {
		if row.Pos == p.pos && row.Sub == p.sub && (p.table == 0 || row.Table == p.table) && crc32.ChecksumIEEE([]byte(rowPath(snap, row))) == p.log {
			return eventlog.RowID(i), nil
		}
	}
	return 0, fmt.Errorf("there is no event %s in this session; refs hold for one session: give that as well", name)
}

// rowByID looks for an event, or a call, with an id as its log spells it.
func rowByID(ctx context.Context, log eventlog.Log, snap *eventlog.Snapshot, id string) (eventlog.RowID, error) {
	const most = 4096 // records that hold the id; more is no id
	var rows []eventlog.RowID
	if _, err := log.Grep(ctx, []string{strings.ToLower(id)}, 0, func(_ int, row eventlog.RowID) {
		if len(rows) < most {
			rows = append(rows, row)
		}
	}); err != nil {
		return 0, err
	}
	for _, same := range []func(*eventlog.Event) bool{
		func(e *eventlog.Event) bool { return e.ID == id },
		func(e *eventlog.Event) bool { return e.CallID == id },
	} {
		for at := 0; at < len(rows); at += 64 {
			part := rows[at:min(len(rows), at+64)]
			events, err := log.Events(ctx, part)
			if err != nil {
				return 0, err
			}
			for i := range events {
				if same(&events[i]) {
					return part[i], nil
				}
			}
		}
	}
	return 0, fmt.Errorf("there is no event with the ref or id %s in this session; trace and find tell refs", mcp.Name(id))
}
