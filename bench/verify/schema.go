package verify

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"cipherbid/bench/record"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas are the definitions of schema/run.v1.json by name.
type schemas struct{ byName map[string]*jsonschema.Schema }

func loadSchema(root string) (*schemas, error) {
	path := filepath.Join(root, "schema", record.SchemaVersion+".json")
	b, err := record.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("schema: %w", err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("schema: %s: %w", path, err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	compiler.UseLoader(nothing{})
	const location = "cipherbid:run"
	if err := compiler.AddResource(location, doc); err != nil {
		return nil, fmt.Errorf("schema: %s: %w", path, err)
	}
	s := &schemas{map[string]*jsonschema.Schema{}}
	for _, name := range []string{"manifest", "summary", "validity", "system", "claims"} {
		if s.byName[name], err = compiler.Compile(location + "#/$defs/" + name); err != nil {
			return nil, fmt.Errorf("schema: %s: %w", path, err)
		}
	}
	return s, nil
}

// nothing refuses references to other files: the schema stands for itself.
type nothing struct{}

func (nothing) Load(url string) (any, error) { return nil, errors.New("the schema refers to " + url) }

// follows checks a file against a definition, and reports whether it could be read as JSON that follows it.
func (c *checker) follows(path, name string) bool {
	b, err := record.ReadFile(path)
	if err != nil {
		c.problem(path, 0, "%v", err)
		return false
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
	if err != nil {
		c.problem(path, 0, "not JSON: %v", err)
		return false
	}
	err = c.schema.byName[name].Validate(doc)
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) {
		c.leaves(path, invalid)
		return false
	}
	if err != nil {
		c.problem(path, 0, "%v", err)
		return false
	}
	return true
}

// leaves reports the innermost causes: the outer ones only say that an inner one failed.
func (c *checker) leaves(path string, e *jsonschema.ValidationError) {
	for _, cause := range e.Causes {
		c.leaves(path, cause)
	}
	if len(e.Causes) == 0 {
		text := e.Error()
		if _, after, ok := strings.Cut(text, "\n- "); ok {
			text = after
		}
		c.problem(path, 0, "against the schema: %s", text)
	}
}
