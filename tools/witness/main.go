// A C2SP witness for tests: it judges with golang.org/x/mod/sumdb, and cosigns over TLS under an authority of its own.
//
//	witness ROOTS_FILE LOG_VERIFIER_KEY NAME
//
// It writes its root certificate, prints its address and its verifier key on two lines, and ends with its standard input.
// Below /flipped its signature has one wrong bit, below /other another key has signed, each with a memory of its own.
package main

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// cosignature is the kind of a witness' key.
const cosignature = 4

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: witness ROOTS_FILE LOG_VERIFIER_KEY NAME")
	}
	verifier, err := note.NewVerifier(os.Args[2])
	must(err)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	_, stranger, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	name := os.Args[3]
	material := append([]byte{cosignature}, public...)
	id := sha256.Sum256(append([]byte(name+"\n"), material...))
	handler := http.NewServeMux()
	for path, sign := range map[string]func([]byte) []byte{
		"/good/":  func(message []byte) []byte { return ed25519.Sign(private, message) },
		"/other/": func(message []byte) []byte { return ed25519.Sign(stranger, message) },
		"/flipped/": func(message []byte) []byte {
			signature := ed25519.Sign(private, message)
			signature[40] ^= 1
			return signature
		},
	} {
		handler.Handle(path+"add-checkpoint", &witness{verifier: verifier, name: name, id: id[:4], sign: sign})
	}
	certificate := issue(os.Args[1])
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Printf("https://localhost:%d\n", listener.Addr().(*net.TCPAddr).Port)
	fmt.Printf("%s+%x+%s\n", name, id[:4], base64.StdEncoding.EncodeToString(material))
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	server := http.Server{Handler: handler, TLSConfig: &tls.Config{Certificates: []tls.Certificate{certificate}}}
	must(server.ServeTLS(listener, "", ""))
}

type witness struct {
	verifier note.Verifier
	name     string
	id       []byte
	sign     func(message []byte) []byte

	lock   sync.Mutex
	latest tlog.Tree
}

// refusal is a status of HTTP and what is answered with it.
type refusal struct {
	status int
	text   string
}

func (w *witness) ServeHTTP(answer http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, 1<<20))
	if err != nil || request.Method != http.MethodPost {
		http.Error(answer, "", http.StatusBadRequest)
		return
	}
	w.lock.Lock()
	defer w.lock.Unlock()
	text, tree, refused := w.judge(string(body))
	if refused != nil {
		answer.Header().Set("Content-Type", "text/x.tlog.size")
		answer.WriteHeader(refused.status)
		io.WriteString(answer, refused.text)
		return
	}
	w.latest = tree
	now := time.Now().Unix()
	signature := w.sign([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", now, text)))
	signed := append([]byte(nil), w.id...)
	signed = binary.BigEndian.AppendUint64(signed, uint64(now))
	signed = append(signed, signature...)
	fmt.Fprintf(answer, "— %s %s\n", w.name, base64.StdEncoding.EncodeToString(signed))
}

// judge returns the text and the tree of a checkpoint that may be cosigned.
func (w *witness) judge(body string) (string, tlog.Tree, *refusal) {
	bad := func(status int) (string, tlog.Tree, *refusal) { return "", tlog.Tree{}, &refusal{status: status} }
	head, checkpoint, found := strings.Cut(body, "\n\n")
	lines := strings.Split(head, "\n")
	known, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if !found || err != nil || lines[0] != fmt.Sprintf("old %d", known) || len(lines) > 64 {
		return bad(http.StatusBadRequest)
	}
	if !strings.HasPrefix(checkpoint, w.verifier.Name()+"\n") {
		return bad(http.StatusNotFound)
	}
	opened, err := note.Open([]byte(checkpoint), note.VerifierList(w.verifier))
	if err != nil {
		return bad(http.StatusForbidden)
	}
	fields := strings.Split(opened.Text, "\n")
	if len(fields) != 4 {
		return bad(http.StatusBadRequest)
	}
	size, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil || known > size {
		return bad(http.StatusBadRequest)
	}
	root, err := tlog.ParseHash(fields[2])
	if err != nil {
		return bad(http.StatusBadRequest)
	}
	tree := tlog.Tree{N: size, Hash: root}
	if known != w.latest.N || known == size && root != w.latest.Hash {
		return "", tree, &refusal{http.StatusConflict, fmt.Sprintf("%d\n", w.latest.N)}
	}
	var growth tlog.TreeProof
	for _, line := range lines[1:] {
		node, err := tlog.ParseHash(line)
		if err != nil {
			return bad(http.StatusBadRequest)
		}
		growth = append(growth, node)
	}
	if known == 0 || known == size {
		if len(growth) != 0 {
			return bad(http.StatusUnprocessableEntity)
		}
	} else if tlog.CheckTree(growth, size, root, known, w.latest.Hash) != nil {
		return bad(http.StatusUnprocessableEntity)
	}
	return opened.Text, tree, nil
}

// issue writes the certificate of a new authority, and returns one of it for localhost.
func issue(path string) tls.Certificate {
	authority, authorityKey := certify(&x509.Certificate{
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, nil, nil)
	server, serverKey := certify(&x509.Certificate{DNSNames: []string{"localhost"}}, authority, authorityKey)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Raw})
	must(os.WriteFile(path, text, 0o644))
	return tls.Certificate{Certificate: [][]byte{server.Raw}, PrivateKey: serverKey}
}

// certify signs a certificate, or lets it sign itself.
func certify(template, parent *x509.Certificate, parentKey *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62))
	must(err)
	template.Subject = pkix.Name{CommonName: "witness for tests"}
	template.NotBefore = time.Now().Add(-time.Hour)
	template.NotAfter = time.Now().Add(24 * time.Hour)
	if parent == nil {
		parent, parentKey = template, key
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, parentKey)
	must(err)
	certificate, err := x509.ParseCertificate(raw)
	must(err)
	return certificate, key
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
