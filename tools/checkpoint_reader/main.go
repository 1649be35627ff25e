// Checks a ledger against its checkpoint with golang.org/x/mod/sumdb, the code behind Go's own module log.
//
//	checkpoint_reader LEDGER VERIFIER_KEY
package main

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: checkpoint_reader LEDGER VERIFIER_KEY")
		os.Exit(2)
	}
	said, err := check(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(5)
	}
	fmt.Println(said)
}

// check returns the records and the root that the checkpoint and the ledger agree on.
func check(ledger, key string) (string, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return "", err
	}
	text, err := os.ReadFile(filepath.Join(ledger, "checkpoint"))
	if err != nil {
		return "", err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return "", err
	}
	records, root, err := tree(ledger)
	if err != nil {
		return "", err
	}
	is := fmt.Sprintf("%s\n%d\n%s\n", verifier.Name(), records, root)
	if opened.Text != is {
		return "", errors.New("the checkpoint is not that of the ledger")
	}
	return fmt.Sprintf("%d records, root %s", records, root), nil
}

// tree reads the segments in order: each line is a hash, a space and the leaf.
func tree(ledger string) (int64, string, error) {
	segments, err := filepath.Glob(filepath.Join(ledger, "[0-9][0-9][0-9][0-9][0-9][0-9].ledger"))
	if err != nil {
		return 0, "", err
	}
	sort.Strings(segments)
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			found = append(found, hashes[index])
		}
		return found, nil
	})
	var records int64
	for _, segment := range segments {
		file, err := os.Open(segment)
		if err != nil {
			return 0, "", err
		}
		lines := bufio.NewScanner(file)
		lines.Buffer(make([]byte, 1<<17), 1<<17)
		for lines.Scan() {
			_, leaf, found := strings.Cut(lines.Text(), " ")
			if !found {
				return 0, "", errors.New("a line without a hash")
			}
			stored, err := tlog.StoredHashes(records, []byte(leaf), reader)
			if err != nil {
				return 0, "", err
			}
			hashes = append(hashes, stored...)
			records++
		}
		if err := lines.Err(); err != nil {
			return 0, "", err
		}
		file.Close()
	}
	root, err := tlog.TreeHash(records, reader)
	if err != nil {
		return 0, "", err
	}
	return records, base64.StdEncoding.EncodeToString(root[:]), nil
}
