package main

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// checkProof returns the record that a C2SP tlog-proof shows in the log. Its extra data are the record.
func checkProof(arguments []string) (string, error) {
	text, err := os.ReadFile(arguments[0])
	if err != nil {
		return "", err
	}
	head, checkpoint, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" {
		return "", errors.New("no tlog-proof")
	}
	signed, err := openCheckpoint([]byte(checkpoint), arguments[1])
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return "", errors.New("no record or no index")
	}
	record, err := base64.StdEncoding.Strict().DecodeString(lines[1][len("extra "):])
	if err != nil {
		return "", err
	}
	index, err := number(lines[2][len("index "):])
	if err != nil {
		return "", err
	}
	var path tlog.RecordProof
	for _, line := range lines[3:] {
		node, err := hash(line)
		if err != nil {
			return "", err
		}
		path = append(path, node)
	}
	err = tlog.CheckRecord(path, signed.N, signed.Hash, index, tlog.RecordHash(record))
	return fmt.Sprintf("record %d of %d: %s", index, signed.N, record), err
}
