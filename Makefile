# What people and CI run. Everything builds without cgo; only the race detector
# needs a C compiler.
export CGO_ENABLED = 0

.PHONY: build test race vet lint check golden bench

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
	go test ./cmd ./eventlog/dialect -update

bench:
	go test -run '^$$' -bench . -benchmem ./...

check: build vet test race lint
