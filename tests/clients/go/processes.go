// The process list and launch, as a Go program calls them: net/http, no other module.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"
)

var (
	token      = os.Getenv("TALLYFY_ACCESS_TOKEN")
	templateID = os.Getenv("TALLYFY_TEMPLATE_ID")
	runsURL    = fmt.Sprintf("%s/organizations/%s/runs", os.Getenv("TALLYFY_API_BASE"), os.Getenv("TALLYFY_ORG_ID"))
	client     = &http.Client{Timeout: 15 * time.Second}
)

type run struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type page struct {
	Data []json.RawMessage `json:"data"`
	Meta struct {
		Pagination struct {
			Total int `json:"total"`
			Count int `json:"count"`
			Links struct {
				Next *string `json:"next"`
			} `json:"links"`
		} `json:"pagination"`
	} `json:"meta"`
}

func (p page) runs() ([]run, error) {
	runs := make([]run, len(p.Data))
	for i, raw := range p.Data {
		if err := json.Unmarshal(raw, &runs[i]); err != nil {
			return nil, err
		}
	}
	return runs, nil
}

type refused struct {
	status int
	body   []byte
}

func (r refused) Error() string {
	return fmt.Sprintf("status %d\nBody: %s", r.status, r.body)
}

func firstPageURL() string {
	query := url.Values{}
	query.Add("status", "active")
	query.Add("per_page", "10")
	query.Add("with", "tags")
	return runsURL + "?" + query.Encode()
}

// send answers the status, with the JSON body decoded into answer; a status other than 2xx is a refused error.
func send(method, address, bearer string, body, answer any) (int, error) {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return 0, err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequest(method, address, content)
	if err != nil {
		return 0, err
	}
	request.Header.Set("Authorization", "Bearer "+bearer)
	request.Header.Set("Accept", "application/json")
	request.Header.Set("X-Tallyfy-Client", "APIClient")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}

	response, err := client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	received, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, err
	}
	if response.StatusCode/100 != 2 {
		return response.StatusCode, refused{response.StatusCode, received}
	}
	return response.StatusCode, json.Unmarshal(received, answer)
}

func list() (any, error) {
	var answer page
	status, err := send(http.MethodGet, firstPageURL(), token, nil, &answer)
	if err != nil {
		return nil, err
	}
	runs, err := answer.runs()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(runs))
	for i, listed := range runs {
		names[i] = listed.Name
	}
	var first json.RawMessage
	if len(answer.Data) > 0 {
		first = answer.Data[0]
	}
	pagination := answer.Meta.Pagination
	return map[string]any{
		"status": status, "total": pagination.Total, "count": pagination.Count,
		"next": pagination.Links.Next, "names": names, "first": first,
	}, nil
}

func follow() (any, error) {
	ids, pages := []string{}, 0
	for address := firstPageURL(); ; pages++ {
		var answer page
		if _, err := send(http.MethodGet, address, token, nil, &answer); err != nil {
			return nil, err
		}
		runs, err := answer.runs()
		if err != nil {
			return nil, err
		}
		for _, listed := range runs {
			ids = append(ids, listed.ID)
		}
		next := answer.Meta.Pagination.Links.Next
		if next == nil {
			return map[string]any{"pages": pages + 1, "ids": ids}, nil
		}
		address = *next
	}
}

func launch() (any, error) {
	var answer struct {
		Data run `json:"data"`
	}
	body := map[string]string{"checklist_id": templateID, "name": "Launched by Go"}
	status, err := send(http.MethodPost, runsURL, token, body, &answer)
	if err != nil {
		return nil, err
	}
	return map[string]any{"status": status, "id": answer.Data.ID, "name": answer.Data.Name}, nil
}

func meetAnError() (any, error) {
	var ignored page
	_, err := send(http.MethodGet, firstPageURL(), "wrong-token", nil, &ignored)
	refusal, ok := err.(refused)
	if !ok {
		return nil, fmt.Errorf("a wrong token was not refused: %v", err)
	}
	var body struct {
		Message string `json:"message"`
	}
	if err := json.Unmarshal(refusal.body, &body); err != nil {
		return nil, err
	}
	return map[string]any{"status": refusal.status, "message": body.Message}, nil
}

func main() {
	commands := map[string]func() (any, error){
		"list": list, "follow": follow, "launch": launch, "error": meetAnError,
	}
	if len(os.Args) != 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: processes list|follow|launch|error")
		os.Exit(2)
	}
	result, err := commands[os.Args[1]]()
	if err != nil {
		fmt.Fprintf(os.Stderr, "Request failed: %v\n", err)
		os.Exit(1)
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fmt.Fprintf(os.Stderr, "Cannot write the result: %v\n", err)
		os.Exit(1)
	}
}
