module github.com/lazytrace/lazytrace

go 1.26.0
