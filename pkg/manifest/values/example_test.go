package values_test

import (
	"fmt"
	"log"

	"github.com/outrigger-dev/outrigger/pkg/manifest/values"
)

// A value is written as the text around it is: here with lists at the column of their key.
func Example() {
	v, err := values.DecodeJSON([]byte(`{"name":"proxy","args":["-g","daemon off;"],"on":"yes"}`))
	if err != nil {
		log.Fatal(err)
	}
	style := values.Style{Indent: 2, Compact: true, Newline: "\n"}
	fmt.Println(style.FormatItem(v, 0))
	fmt.Println(values.FormatFlow(v, false))
	// Output:
	// - name: proxy
	//   args:
	//   - -g
	//   - daemon off;
	//   'on': 'yes'
	// {name: proxy, args: [-g, daemon off;], 'on': 'yes'}
}
