# What people and CI run. Everything builds without cgo; only the race detector
# needs a C compiler.
export CGO_ENABLED = 0

.PHONY: build test race vet lint check golden bench compare screens agents

build:
	go build -trimpath -o lazytrace .

test:
	go test ./...

race:
	CGO_ENABLED=1 go test -race ./...

vet:
	go vet ./...
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "not formatted: $$unformatted"; exit 1; }

lint:
	golangci-lint run ./...

golden:
	go test ./cmd ./eventlog/dialect ./tui -update

bench:
	go test -run '^$$' -bench . -benchmem ./...

# Beside its peers, as ratios; docs/performance.md says of what. Everything is an
# option: make compare ONLY="indexed keys" SIZE=100M RUNS=1 NPM=DIR JSON=1
RUNS ?= 3
SIZE ?= 1G
compare:
	@go run ./docs/performance -runs $(RUNS) -size $(SIZE) -only "$(ONLY)" $(if $(NPM),-npm "$(NPM)") $(if $(JSON),-json)

# The pictures of docs/screens, or some of them: make screens ONLY="trace wall".
screens:
	docs/screens/make.sh $(ONLY)

check: build vet test race lint

# Real agents, each in a home of its own, on a scripted model on the loopback.
# npm fetches them into a folder of the cache, and only here; these versions are
# known to work. LAZYTRACE_AGENTS_ONLY=codex/tools tries a part,
# LAZYTRACE_AGENTS_KEEP=DIR leaves everything in a folder.
AGENTS ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/lazytrace-agents
AGENT_PACKAGES = @anthropic-ai/claude-code@2.1.332 @openai/codex@0.171.0 @google/gemini-cli@0.61.0 opencode-ai@1.18.33 @mariozechner/pi-coding-agent@0.73.1

agents:
	@if ! command -v npm >/dev/null || ! command -v node >/dev/null; then echo "agents: skipped, npm and node are not here"; exit 0; fi; \
	mkdir -p "$(AGENTS)" && \
	if ! npm install --prefix "$(AGENTS)" --ignore-scripts --no-audit --no-fund --loglevel=error $(AGENT_PACKAGES); then echo "agents: skipped, npm cannot install them"; exit 0; fi; \
	LAZYTRACE_AGENTS="$(AGENTS)" go test -count=1 -timeout 60m -v -run TestRealAgents ./cmd
