package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// height is the one of C2SP tlog-tiles: 256 hashes a tile.
const height = 8

// checkTiles reads the whole log from its tiles, each held against the signed root, and every record from its bundle.
// With the checkpoint that somebody kept, the log must begin with what that one covers.
func checkTiles(arguments []string) (string, error) {
	ledger, key := arguments[0], arguments[1]
	signed, err := readCheckpoint(filepath.Join(ledger, "checkpoint"), key)
	if err != nil {
		return "", err
	}
	reader := tlog.TileHashReader(signed, folder(ledger))
	if len(arguments) > 2 {
		kept, err := readCheckpoint(arguments[2], key)
		if err != nil {
			return "", err
		}
		if kept.N > signed.N {
			return "", fmt.Errorf("rolled back: %d records, kept was a checkpoint of %d", signed.N, kept.N)
		}
		root, err := tlog.TreeHash(kept.N, reader)
		if err != nil {
			return "", err
		}
		if root != kept.Hash {
			return "", fmt.Errorf("forked within the first %d records", kept.N)
		}
	}
	for start := int64(0); start < signed.N; start += 1 << height {
		width := signed.N - start
		if width > 1<<height {
			width = 1 << height
		}
		if err := checkBundle(ledger, reader, start, width); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%d records from tiles", signed.N), nil
}

// checkBundle holds the records of a bundle against the hashes of its tile.
func checkBundle(ledger string, reader tlog.HashReader, start, width int64) error {
	tile := tlog.Tile{H: height, L: -1, N: start >> height, W: int(width)}
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/data/", height), "tile/entries/", 1)
	bundle, err := os.ReadFile(filepath.Join(ledger, path))
	if err != nil {
		return err
	}
	var indexes []int64
	for record := start; record < start+width; record++ {
		indexes = append(indexes, tlog.StoredHashIndex(0, record))
	}
	hashes, err := reader.ReadHashes(indexes)
	if err != nil {
		return err
	}
	for place, hash := range hashes {
		if len(bundle) < 2 {
			return fmt.Errorf("%s is too short", path)
		}
		length := int(binary.BigEndian.Uint16(bundle))
		if len(bundle) < 2+length || tlog.RecordHash(bundle[2:2+length]) != hash {
			return fmt.Errorf("record %d of %s is not the signed one", start+int64(place), path)
		}
		bundle = bundle[2+length:]
	}
	if len(bundle) != 0 {
		return fmt.Errorf("%s goes on", path)
	}
	return nil
}

// folder reads tiles of a ledger's directory.
type folder string

func (ledger folder) Height() int { return height }

func (ledger folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var read [][]byte
	for _, tile := range tiles {
		// The height is no part of the path in C2SP.
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		bytes, err := os.ReadFile(filepath.Join(string(ledger), path))
		if err != nil {
			return nil, err
		}
		if len(bytes) != tile.W*tlog.HashSize {
			return nil, errors.New(path + " has another width")
		}
		read = append(read, bytes)
	}
	return read, nil
}

func (ledger folder) SaveTiles([]tlog.Tile, [][]byte) {}
