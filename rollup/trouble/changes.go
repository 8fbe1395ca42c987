package trouble

import "strings"

// changers are tools that change files, by their names in lower case without
// what stands between the words.
var changers = map[string]bool{
	"edit": true, "multiedit": true, "write": true, "notebookedit": true, "applypatch": true, "patch": true, "replace": true,
	"writefile": true, "editfile": true, "createfile": true, "deletefile": true, "removefile": true, "movefile": true, "renamefile": true,
	"updatefile": true, "searchreplace": true, "strreplace": true, "strreplaceeditor": true, "strreplacebasededittool": true, "texteditor": true,
	"insert": true, "insertcode": true, "replaceinfile": true, "writetofile": true, "applydiff": true, "fileedit": true, "filewrite": true,
	"savefile": true, "appendfile": true, "filechange": true, "editnotebook": true, "createdirectory": true, "multireplace": true,
}

var plain = strings.NewReplacer("_", "", "-", "", " ", "")

// changesFiles reports whether a tool is one that changes files, by its name.
// What a shell does to them nobody knows.
func changesFiles(tool string) bool {
	if i := strings.LastIndex(tool, "__"); i >= 0 { // a tool of a server: mcp__files__write_file
		tool = tool[i+2:]
	}
	if i := strings.LastIndexAny(tool, "./:"); i >= 0 {
		tool = tool[i+1:]
	}
	return changers[strings.ToLower(plain.Replace(tool))]
}
