package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tocsin/internal/local"
)

// Certificate is a certificate for 127.0.0.1 that signed itself, as files that
// any user may read: its key is worth nothing.
type Certificate struct{ Cert, Key string }

// NewCertificate makes a certificate that ends with the test.
func NewCertificate(t testing.TB) Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tocsin test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := local.MkdirTemp("tocsin-tls")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return Certificate{writePEM(t, dir, "CERTIFICATE", cert), writePEM(t, dir, "EC PRIVATE KEY", secret)}
}

func writePEM(t testing.TB, dir, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(dir, fmt.Sprintf("%x.pem", kind))
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// RedisTLS starts a real Redis server that speaks TLS on a second port, and
// returns that port's address.
func RedisTLS(t testing.TB, cert Certificate, opts local.RedisOptions) (server *local.Redis, addr string) {
	t.Helper()
	port, err := local.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{
		"tls-port": fmt.Sprint(port), "tls-cert-file": cert.Cert, "tls-key-file": cert.Key, "tls-ca-cert-file": cert.Cert, "tls-auth-clients": "no",
	}
	for name, value := range opts.Settings {
		settings[name] = value
	}
	opts.Settings = settings
	return Redis(t, opts), fmt.Sprintf("127.0.0.1:%d", port)
}
