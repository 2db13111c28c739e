// Command load asks a URL for some seconds as four kinds of clients do, and counts
// the requests that were lost: a new connection each 50 ms, a request of two
// seconds on a new connection each 200 ms, and one kept-alive connection that is
// used each 50 ms, by HTTP/1.1 and by HTTP/2.
package main

import (
	"crypto/tls"
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"sync"
	"time"
)

// A Count is what became of one kind of requests.
type Count struct {
	Sent, Lost int
	Errors     map[string]int `json:",omitempty"`
}

type counter struct {
	mu sync.Mutex
	Count
}

func (c *counter) ask(client *http.Client, url string) {
	resp, err := client.Get(url)
	why := ""
	if err != nil {
		why = err.Error()
	} else {
		_, err = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			why = err.Error()
		} else if resp.StatusCode != http.StatusOK {
			why = resp.Status
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.Sent++; why != "" {
		c.Lost++
		if c.Errors == nil {
			c.Errors = map[string]int{}
		}
		c.Errors[why]++
	}
}

func client(keep, h2 bool) *http.Client {
	return &http.Client{Timeout: 15 * time.Second, Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // losses are counted here, nothing else
		ForceAttemptHTTP2: h2, DisableKeepAlives: !keep, MaxConnsPerHost: map[bool]int{true: 1}[keep],
	}}
}

func main() {
	url := flag.String("url", "", "where to ask")
	path := flag.String("slow", "/slow", "what takes two seconds, or another path where nothing does")
	seconds := flag.Int("seconds", 28, "for how long")
	flag.Parse()
	end := time.Now().Add(time.Duration(*seconds) * time.Second)
	var fresh, slow, kept, keptH2 counter
	var wg sync.WaitGroup
	each := func(period time.Duration, ask func()) {
		wg.Go(func() {
			var asked sync.WaitGroup
			for t := time.Tick(period); time.Now().Before(end); <-t {
				asked.Go(ask)
			}
			asked.Wait()
		})
	}
	each(50*time.Millisecond, func() { fresh.ask(client(false, false), *url+"/") })
	each(200*time.Millisecond, func() { slow.ask(client(false, false), *url+*path) })
	keep := func(c *counter, h2 bool) {
		client := client(true, h2)
		wg.Go(func() {
			for t := time.Tick(50 * time.Millisecond); time.Now().Before(end); <-t {
				c.ask(client, *url+"/")
			}
		})
	}
	keep(&kept, false)
	keep(&keptH2, true)
	wg.Wait()
	_ = json.NewEncoder(os.Stdout).Encode(map[string]Count{
		"new": fresh.Count, "slow": slow.Count, "kept": kept.Count, "kept by HTTP/2": keptH2.Count,
	})
}
