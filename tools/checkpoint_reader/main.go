// Judges what a ledger proves with golang.org/x/mod/sumdb, the code behind Go's own module log.
//
//	checkpoint_reader ledger LEDGER VERIFIER_KEY   the checkpoint is that of the records
//	checkpoint_reader proof FILE VERIFIER_KEY      the proof shows its record in the log
//	checkpoint_reader tiles LEDGER VERIFIER_KEY [KEPT_CHECKPOINT]
//	                                               the tiles are those of the checkpoint, and the log only grew
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// checks are by name; each takes the arguments after it and says what holds.
var checks = map[string]func(arguments []string) (string, error){
	"ledger": checkLedger,
	"proof":  checkProof,
	"tiles":  checkTiles,
}

func main() {
	if len(os.Args) < 4 || checks[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: checkpoint_reader ledger|proof|tiles WHAT VERIFIER_KEY [KEPT_CHECKPOINT]")
		os.Exit(2)
	}
	said, err := checks[os.Args[1]](os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(5)
	}
	fmt.Println(said)
}

// checkLedger returns the records and the root that the checkpoint and the ledger agree on.
func checkLedger(arguments []string) (string, error) {
	signed, err := readCheckpoint(filepath.Join(arguments[0], "checkpoint"), arguments[1])
	if err != nil {
		return "", err
	}
	records, root, err := tree(arguments[0])
	if err != nil {
		return "", err
	}
	if signed.N != records || signed.Hash != root {
		return "", errors.New("the checkpoint is not that of the ledger")
	}
	return fmt.Sprintf("%d records, root %v", records, root), nil
}

func readCheckpoint(path, key string) (tlog.Tree, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return tlog.Tree{}, err
	}
	return openCheckpoint(text, key)
}

// openCheckpoint returns the tree of a checkpoint that the key has signed: origin, size and root in three lines.
func openCheckpoint(text []byte, key string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(key)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(text, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" || lines[0] != verifier.Name() {
		return tlog.Tree{}, errors.New("not origin, size and root")
	}
	size, err := number(lines[1])
	if err != nil {
		return tlog.Tree{}, err
	}
	root, err := hash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

// number takes digits without a leading zero.
func number(text string) (int64, error) {
	read, err := strconv.ParseInt(text, 10, 64)
	if err != nil || read < 0 || strconv.FormatInt(read, 10) != text {
		return 0, fmt.Errorf("%q is no counter", text)
	}
	return read, nil
}

func hash(text string) (tlog.Hash, error) {
	read, err := tlog.ParseHash(text)
	if err != nil || read.String() != text {
		return tlog.Hash{}, fmt.Errorf("%q is no hash", text)
	}
	return read, nil
}

// tree reads the segments in order: each line is a hash, a space and the leaf.
func tree(ledger string) (int64, tlog.Hash, error) {
	segments, err := filepath.Glob(filepath.Join(ledger, "[0-9][0-9][0-9][0-9][0-9][0-9].ledger"))
	if err != nil {
		return 0, tlog.Hash{}, err
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
			return 0, tlog.Hash{}, err
		}
		lines := bufio.NewScanner(file)
		lines.Buffer(make([]byte, 1<<17), 1<<17)
		for lines.Scan() {
			_, leaf, found := strings.Cut(lines.Text(), " ")
			if !found {
				return 0, tlog.Hash{}, errors.New("a line without a hash")
			}
			stored, err := tlog.StoredHashes(records, []byte(leaf), reader)
			if err != nil {
				return 0, tlog.Hash{}, err
			}
			hashes = append(hashes, stored...)
			records++
		}
		if err := lines.Err(); err != nil {
			return 0, tlog.Hash{}, err
		}
		file.Close()
	}
	root, err := tlog.TreeHash(records, reader)
	return records, root, err
}
