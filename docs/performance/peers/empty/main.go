// Command empty does nothing: what a Go process costs.
package main

func main() {}
