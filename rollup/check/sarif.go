package check

import (
	"net/url"
	"path/filepath"
	"strings"
)

// sarifSchema is where the schema of what is written stands.
const sarifSchema = "https://json.schemastore.org/sarif-2.1.0.json"

// What SARIF 2.1.0 is made of, as far as it is written here.
type (
	sarifText struct {
		Text string `json:"text"`
	}
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool struct {
			Driver sarifDriver `json:"driver"`
		} `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		ColumnKind  string            `json:"columnKind"`
		Results     []sarifResult     `json:"results"`
	}
	sarifInvocation struct {
		Successful bool `json:"executionSuccessful"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version,omitempty"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID      string    `json:"id"`
		Name    string    `json:"name"`
		Short   sarifText `json:"shortDescription"`
		Help    sarifText `json:"help"`
		Default struct {
			Level Level `json:"level"`
		} `json:"defaultConfiguration"`
	}
	sarifResult struct {
		Rule       string          `json:"ruleId"`
		Index      int             `json:"ruleIndex"`
		Level      Level           `json:"level"`
		Message    sarifText       `json:"message"`
		Locations  []sarifLocation `json:"locations,omitempty"`
		Related    []sarifLocation `json:"relatedLocations,omitempty"`
		Properties map[string]any  `json:"properties"`
	}
	sarifLocation struct {
		ID       int         `json:"id,omitempty"`
		Physical sarifPlace  `json:"physicalLocation"`
		Message  *sarifText  `json:"message,omitempty"`
		Logical  []sarifName `json:"logicalLocations,omitempty"`
	}
	sarifName struct {
		Name string `json:"name"`
	}
	sarifPlace struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region,omitempty"`
	}
	sarifRegion struct {
		Line int64 `json:"startLine"`
	}
)

// SARIF is the report in the format of that name, version 2.1.0.
func (r *Report) SARIF() any {
	var run sarifRun
	run.Tool.Driver = sarifDriver{Name: "lazytrace", Version: r.Version, Rules: []sarifRule{}}
	run.Invocations = []sarifInvocation{{true}}
	run.ColumnKind = "unicodeCodePoints"
	run.Results = []sarifResult{}
	index := map[string]int{}
	for i := range r.Rules {
		v := &r.Rules[i]
		if _, twice := index[v.ID]; twice {
			continue
		}
		kind := v.What.Kind()
		one := sarifRule{ID: v.ID, Name: kind.Name, Short: sarifText{kind.About}, Help: sarifText{kind.Hint}}
		one.Default.Level = v.Level
		index[v.ID] = len(run.Tool.Driver.Rules)
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, one)
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		result := sarifResult{
			Rule: f.Rule, Index: index[f.Rule], Level: f.Level, Message: sarifText{r.shown(f.subject() + ": " + f.Text)},
			Properties: map[string]any{"session_id": r.shown(f.Session), "measured": f.Measured, "limit": f.Limit, "unit": f.Unit, "at_least": f.AtLeast},
		}
		for k, p := range f.Places {
			at := r.location(p)
			if f.Session != "" {
				at.Logical = []sarifName{{r.shown("session " + f.Session)}}
			}
			if k == 0 {
				result.Locations = []sarifLocation{at}
				continue
			}
			at.ID = k
			result.Related = append(result.Related, at)
		}
		run.Results = append(run.Results, result)
	}
	return sarifLog{sarifSchema, "2.1.0", []sarifRun{run}}
}

func (r *Report) location(p Place) (at sarifLocation) {
	at.Physical.Artifact.URI = r.uri(p.Path)
	if p.Line > 0 {
		at.Physical.Region = &sarifRegion{p.Line}
	}
	if p.Text != "" {
		at.Message = &sarifText{r.shown(clipped(p.Text))}
	}
	return at
}

// near spells a path relative to the folder of the report where it lies in it.
func (r *Report) near(path string) string {
	whole := path
	if !filepath.IsAbs(path) && r.Folder != "" {
		whole = filepath.Join(r.Folder, path)
	}
	rel, err := filepath.Rel(r.Folder, whole)
	if r.Folder == "" || err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return whole
	}
	return rel
}

// uri spells a path as an address: relative to the folder of the report where it lies in
// it, with everything escaped that an address may not hold.
func (r *Report) uri(path string) string {
	near := filepath.ToSlash(r.near(path))
	if filepath.IsAbs(filepath.FromSlash(near)) {
		if !strings.HasPrefix(near, "/") {
			near = "/" + near
		}
		return (&url.URL{Scheme: "file", Path: near}).String()
	}
	parts := strings.Split(near, "/")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(url.PathEscape(part), ":", "%3A") // what stands before a colon would be a scheme
	}
	return strings.Join(parts, "/")
}
