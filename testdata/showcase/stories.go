package main

import (
	"fmt"
	"time"
)

const failing = `FAIL  src/cart.test.ts
  ● charges once when two tabs submit

    expect(received).toBe(expected)

    Expected: 1
    Received: 2

      86 |   await Promise.all([submit(a), submit(b)])
    > 88 |   expect(charges(order)).toBe(1)
         |                          ^
      at Object.<anonymous> (src/cart.test.ts:88:21)

Tests: 1 failed, 41 passed, 42 total
Time:  3.9 s
`

const cart = `export async function charge(order: Order) {
  const lock = await take(order.id)
  try {
    if (order.charged) return
    await payments.charge(order.total)
    order.charged = true
  } finally {
    await lock.release()
  }
}
`

// race is the session of the pictures: a lead agent that plans, asks, edits and
// tests with the help of others. done is how it went yesterday; today the tests
// are run again and again, with nothing changed.
func (b *book) race(at time.Time, id, model string, done bool) {
	s := b.session(id, at, map[string]any{
		"name": "Fix the double charge in checkout", "goal": "Fix the double charge in checkout; keep the public API stable.", "agent": "claude", "cwd": "/src/shop",
		"git_branch": "fix/checkout", "metadata": map[string]string{"ticket": "SHOP-412", "team": "payments"}, "tags": []string{"checkout"}, "host": "mbp",
	})
	s.start("main", "main", "Fix the double charge in checkout; keep the public API stable.", "", "")
	s.says("main", "user", "The checkout sometimes charges twice when two tabs submit at once. Fix it, and keep the public API stable.")
	s.wait(2 * time.Second)
	s.model("main", answer{model: model, says: "I will look at who calls `charge` first, then change it in one place.", in: 41_200, written: 38_000, out: 610, recorded: 0.2563, took: 14 * time.Second})
	// The plan, with a helper below it.
	call := s.call("main", "Task", map[string]any{"description": "plan the change", "agent": "plan"})
	s.start("plan", "plan", "Find every caller of charge() and plan the change.", "main", call)
	s.model("plan", answer{model: "claude-sonnet-4-6", says: "Let me read the cart and its callers.", in: 22_000, written: 18_400, out: 640, took: 11 * time.Second})
	s.tool("plan", "Read", map[string]any{"file_path": "/src/shop/src/cart.ts"}, cart, "", 300*time.Millisecond)
	grep := s.call("plan", "Task", map[string]any{"description": "grep callers", "agent": "grep-callers"})
	s.start("grep", "grep-callers", "Which files call charge()?", "plan", grep)
	s.model("grep", answer{model: "claude-haiku-4-5", says: "Searching.", in: 9_100, out: 90, took: 2 * time.Second})
	s.tool("grep", "Grep", map[string]any{"pattern": "charge\\(", "path": "/src/shop/src"}, "src/cart.ts:3\nsrc/checkout.ts:41\nsrc/retry.ts:17\nsrc/admin/refund.ts:22\n", "", 400*time.Millisecond)
	s.model("grep", answer{model: "claude-haiku-4-5", says: "Four files call it; retry.ts calls it without the lock.", in: 9_600, cached: 8_800, out: 120, took: 3 * time.Second})
	s.finish("grep", "src/retry.ts:17 calls charge() without the lock.")
	s.put("plan", "tool_result", map[string]any{"tool": "Task", "tool_use_id": grep, "result": "src/retry.ts:17 calls charge() without the lock."})
	s.model("plan", answer{model: "claude-sonnet-4-6", says: "The lock is taken twice: once in `checkout.ts` and not at all in `retry.ts`.", in: 24_700, cached: 21_800, out: 820, took: 16 * time.Second})
	s.finish("plan", "Take the lock inside charge(), nowhere else.")
	s.put("main", "tool_result", map[string]any{"tool": "Task", "tool_use_id": call, "result": "Take the lock inside charge(), nowhere else."})
	s.model("main", answer{model: model, says: "The plan moves the lock into `charge`. May I?", in: 44_900, cached: 41_000, written: 3_200, out: 240, recorded: 0.0441, took: 9 * time.Second})
	asked := s.at
	s.wait(2*time.Minute + 31*time.Second)
	s.put("main", "hil_decision", map[string]any{"kind": "continue", "command": "approve the plan", "result": "yes, go on", "duration_ms": s.at.Sub(asked).Milliseconds()})
	s.model("main", answer{model: model, says: "Editing now, with the tests running beside it.", in: 45_300, cached: 0, written: 45_000, out: 180, recorded: 0.2881, took: 19 * time.Second})
	// Two agents work side by side.
	edits := s.call("main", "Task", map[string]any{"description": "edit the code", "agent": "edit-tests"})
	tests := s.call("main", "Task", map[string]any{"description": "run the tests", "agent": "run-ci"})
	e := &session{s.book, s.id, s.at}
	e.start("edits", "edit-tests", "Move the lock into charge() and cover it by tests.", "main", edits)
	for i, edit := range []struct{ old, new string }{
		{"  if (order.charged) return", "  const lock = await take(order.id)\n  if (order.charged) return lock.release()"},
		{"await lock.release()", "await lock.release() // on every way out"},
		{"charge(order)", "charge(order, { once: true })"},
	} {
		e.model("edits", answer{model: "claude-haiku-4-5", says: fmt.Sprintf("Edit %d of 3.", i+1), in: 14_000 + 900*i, cached: 12_000 + 900*i, out: 320, took: 31 * time.Second})
		e.tool("edits", "Edit", map[string]any{"file_path": "/src/shop/src/cart.ts", "old_string": edit.old, "new_string": edit.new}, "The file has been updated.", "", 200*time.Millisecond)
		e.wait(20 * time.Second)
	}
	e.finish("edits", "charge() takes the lock itself.")
	e.put("main", "tool_result", map[string]any{"tool": "Task", "tool_use_id": edits, "result": "charge() takes the lock itself."})
	s.wait(5 * time.Second)
	s.start("ci", "run-ci", "Run the cart tests until they are green.", "main", tests)
	times := 14
	if done {
		times = 1
	}
	for i := range times {
		s.model("ci", answer{model: "claude-haiku-4-5", says: "Run the tests again.", in: 11_900 + 40*i, cached: 11_000 + 40*i, out: 180, took: 4 * time.Second})
		s.tool("ci", "Bash", map[string]any{"command": "npm test -- cart", "description": "Run the cart tests"}, failing, "exit 1: 1 of 42 tests failed", time.Duration(21+i%3)*time.Second)
	}
	if !done {
		s.model("ci", answer{model: "claude-haiku-4-5", says: "Once more.", in: 12_500, cached: 11_600, out: 160, took: 3 * time.Second})
		s.call("ci", "Bash", map[string]any{"command": "npm test -- cart", "description": "Run the cart tests"})
		s.put("", "heartbeat", map[string]any{"elapsed_ms": 1})
		return
	}
	s.model("ci", answer{model: "claude-haiku-4-5", says: "The lock in `retry.ts` is missing. I read it first.", in: 12_800, cached: 12_000, out: 220, took: 5 * time.Second})
	s.tool("ci", "Read", map[string]any{"file_path": "/src/shop/src/retry.ts"}, "export const retry = (order) => charge(order)\n", "", 200*time.Millisecond)
	s.tool("ci", "Edit", map[string]any{"file_path": "/src/shop/src/retry.ts", "old_string": "charge(order)", "new_string": "charge(order, { once: true })"}, "The file has been updated.", "", 200*time.Millisecond)
	s.tool("ci", "Bash", map[string]any{"command": "npm test -- cart", "description": "Run the cart tests"}, "PASS  src/cart.test.ts\nTests: 42 passed, 42 total\n", "", 22*time.Second)
	s.finish("ci", "42 of 42 tests pass.")
	s.put("main", "tool_result", map[string]any{"tool": "Task", "tool_use_id": tests, "result": "42 of 42 tests pass."})
	s.model("main", answer{model: model, says: "Done: `charge` takes the lock itself, and `retry` asks it to charge once. 42 tests pass.", in: 47_100, cached: 45_000, written: 1_500, out: 210, recorded: 0.0402, took: 8 * time.Second})
	s.finish("main", "Done.")
	s.put("main", "metrics", map[string]any{"metrics": map[string]any{"goal_completed": true, "score": 0.92}})
	s.end("success", "")
}

// migration waits for somebody to allow a call.
func (b *book) migration() {
	s := b.session("migrate-v9", b.now.Add(-41*time.Minute), map[string]any{
		"name": "Migrate the orders table to v9", "goal": "Migrate the orders table to schema v9 without downtime.", "agent": "codex", "cwd": "/src/shop", "git_branch": "db/v9",
		"metadata": map[string]string{"ticket": "SHOP-398"}, "host": "mbp",
	})
	s.start("main", "codex", "Migrate the orders table to schema v9 without downtime.", "", "")
	s.says("main", "user", "Migrate orders to schema v9, without downtime.")
	steps := []string{"Read the present schema.", "Write the migration in two steps.", "Backfill in batches of 5,000.", "Check the counts.", "Swap the tables."}
	in := 18_000
	for i, step := range steps {
		s.model("main", answer{model: "gpt-5.2-codex", says: step, in: in, cached: in * 8 / 10, out: 700, took: time.Duration(20+7*i) * time.Second})
		s.tool("main", "shell", map[string]any{"command": []string{"psql", "-f", fmt.Sprintf("migrations/v9_%d.sql", i+1)}}, fmt.Sprintf("ALTER TABLE\nUPDATE %d\n", 5000*(i+1)), "", time.Duration(60+95*i)*time.Second)
		in += 9_500
	}
	s.at = b.now.Add(-3*time.Minute - 24*time.Second)
	s.model("main", answer{model: "gpt-5.2-codex", says: "The last step drops the old table. It needs your approval.", in: in, cached: in * 8 / 10, out: 300, took: 12 * time.Second})
	id := s.call("main", "shell", map[string]any{"command": []string{"psql", "-c", "DROP TABLE orders_v8"}})
	s.put("main", "approval_request", map[string]any{"tool": "shell", "tool_use_id": id, "call_id": id, "text": "psql -c 'DROP TABLE orders_v8'", "lt": map[string]any{"wait": "asked"}})
	s.put("", "heartbeat", map[string]any{"elapsed_ms": 1})
	s.at = b.now.Add(-20 * time.Second)
	s.put("", "heartbeat", map[string]any{"elapsed_ms": 2})
}

// report is a session that failed this morning.
func (b *book) report() {
	s := b.session("weekly-report", b.now.Add(-3*time.Hour), map[string]any{
		"name": "weekly-report", "goal": "Write the weekly report from the sales database.", "agent": "reporter", "cwd": "/srv/reports", "git_branch": "main",
		"metadata": map[string]string{"team": "sales"}, "tags": []string{"nightly"}, "host": "ci-3",
	})
	s.start("main", "reporter", "Write the weekly report from the sales database.", "", "")
	s.model("main", answer{model: "gpt-5.2", says: "I will read the sales table.", in: 6_100, out: 210, took: 6 * time.Second})
	for i, why := range []string{"connect to db-7.internal:5432: connection refused", "connect to db-7.internal:5432: connection refused", "EACCES: permission denied, open '/srv/reports/week-09.md'"} {
		s.tool("main", []string{"query", "query", "write_file"}[i], map[string]any{"sql": "select week, sum(total) from sales group by 1"}, "", why, 11*time.Second)
		s.model("main", answer{model: "gpt-5.2", says: "That failed; I try another way.", in: 7_000 + 400*i, cached: 5_800, out: 160, took: 5 * time.Second})
	}
	s.put("main", "error", map[string]any{"error": "gave up after 3 failures", "type": "RuntimeError"})
	s.put("main", "agent_finish", map[string]any{"error": "gave up after 3 failures"})
	s.end("failure", "gave up after 3 failures")
}

// experiment is two prompts tried on the same tickets.
func (b *book) experiment() {
	for i := range 28 {
		variant, model := "short prompt", "claude-haiku-4-5"
		better := b.rand.Float64() < 0.58
		if i%2 == 1 {
			variant, model = "with examples", "claude-sonnet-4-6"
			better = b.rand.Float64() < 0.86
		}
		s := b.session(fmt.Sprintf("triage-%02d", i), b.now.Add(-time.Duration(50+3*i)*time.Hour), map[string]any{
			"name": fmt.Sprintf("triage ticket %d", 4100+i/2), "agent": "triage", "experiment": "triage-prompt", "variant": variant, "metadata": map[string]string{"team": "support"}, "host": "ci-1",
		})
		s.start("main", "triage", "Sort the ticket into a queue and answer it.", "", "")
		s.model("main", answer{model: model, says: "Reading the ticket.", in: 3_000 + b.rand.IntN(900), out: 120, took: time.Duration(2000+b.rand.IntN(3000)) * time.Millisecond})
		s.tool("main", "lookup_customer", map[string]any{"id": 9000 + i}, "tier: gold", "", 700*time.Millisecond)
		s.model("main", answer{model: model, says: "Queue: billing.", in: 3_600 + b.rand.IntN(900), cached: 2_800, out: 260 + b.rand.IntN(200), took: time.Duration(3000+b.rand.IntN(5000)) * time.Millisecond})
		s.finish("main", "billing")
		score := 0.45 + 0.2*b.rand.Float64()
		if better {
			score = 0.75 + 0.2*b.rand.Float64()
		}
		s.put("main", "metrics", map[string]any{"metrics": map[string]any{"goal_completed": better, "score": float64(int(score*100)) / 100}})
		s.end("success", "")
	}
}

// month is the work of the weeks before: enough for days, agents and branches to
// differ.
func (b *book) month() {
	type kind struct {
		name, agent, model, branch, team string
		turns                            int
	}
	kinds := []kind{
		{"Upgrade Go to 1.26", "claude", "claude-opus-4-6", "chore/go-1.26", "platform", 22},
		{"Explain the flaky test TestTail", "gemini", "gemini-2.5-pro", "main", "platform", 7},
		{"Review pull request 482", "opencode", "claude-sonnet-4-6", "review/482", "payments", 11},
		{"Add search to the help pages", "claude", "claude-sonnet-4-6", "feat/search", "web", 18},
		{"Port the importer to streams", "codex", "gpt-5.2-codex", "feat/streams", "data", 25},
		{"Answer support questions", "support-router", "claude-haiku-4-5", "", "support", 9},
	}
	for day := 29; day >= 1; day-- {
		at := b.now.Truncate(24 * time.Hour).Add(-time.Duration(day) * 24 * time.Hour)
		if w := at.Weekday(); w == time.Saturday || w == time.Sunday {
			if b.rand.IntN(3) > 0 {
				continue
			}
		}
		for range 1 + b.rand.IntN(3) {
			k := kinds[b.rand.IntN(len(kinds))]
			b.usual(at.Add(time.Duration(8+b.rand.IntN(10))*time.Hour+time.Duration(b.rand.IntN(60))*time.Minute), k.name, k.agent, k.model, k.branch, k.team, k.turns)
		}
	}
}

// usual is a session in which nothing special happened.
func (b *book) usual(at time.Time, name, agent, model, branch, team string, turns int) {
	s := b.session(fmt.Sprintf("%s-%d", agent, at.Unix()), at, map[string]any{
		"name": name, "goal": name + ".", "agent": agent, "cwd": "/src/" + team, "git_branch": branch, "metadata": map[string]string{"team": team}, "host": "mbp",
	})
	s.start("main", agent, name, "", "")
	s.says("main", "user", name+".")
	in, cached := 16_000, 0
	tools := []string{"Read", "Grep", "Bash", "Edit"}
	for i := range turns {
		took := time.Duration(4+b.rand.IntN(18)) * time.Second
		if i == turns/2 && turns > 15 {
			// The context was made smaller: what was in the cache is of no use.
			s.put("main", "context_compacted", map[string]any{"text": "the conversation was summed up"})
			in, cached = 14_000, 0
		}
		s.model("main", answer{model: model, says: "Step " + fmt.Sprint(i+1) + ".", in: in, cached: cached, written: min(in-cached, 4_000), out: 200 + b.rand.IntN(900), took: took})
		cached = in * 9 / 10
		in += 1_500 + b.rand.IntN(6_000)
		tool := tools[b.rand.IntN(len(tools))]
		failure := ""
		if b.rand.IntN(14) == 0 {
			failure = "exit 2: no such file or directory"
		}
		s.tool("main", tool, map[string]any{"command": "step " + fmt.Sprint(i+1), "file_path": "/src/" + team + "/main.go"}, "ok", failure, time.Duration(200+b.rand.IntN(9000))*time.Millisecond)
	}
	s.finish("main", "Done.")
	s.end("success", "")
}
