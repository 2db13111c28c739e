package pattern

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// A name within a longer one isn't meant.
func TestMentionsName(t *testing.T) {
	for text, found := range map[string]bool{
		"db.example":                      true,
		"postgres://me@db.example:5432/x": true,
		"hosts=a.example,db.example":      true,
		"mydb.example":                    false,
		"mydb.example and db.example":     true,
		"DB.db.example":                   false,
		"db.example.com":                  false,
		"db.exampleX":                     false,
		"db-example":                      false,
	} {
		require.Equal(t, found, MentionsName(text, "db.example"), text)
	}
}
