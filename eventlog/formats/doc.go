// Package formats reads descriptions of formats: files of TOML that say where
// in a record what the model wants is found. docs/formats.md tells every key. A
// description that is wrong is refused in lines that name the file, the line and
// the key; it never stops another one.
package formats
