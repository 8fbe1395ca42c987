// Package origin is what a recorder tells of where its session comes from: what
// it is called and is for, the program, the person and the machine, and the
// recorder around it. Commands that are recorded and programs that record
// themselves tell it in the same words.
package origin
