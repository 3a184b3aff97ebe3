package actions

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// The widest networks that may be blocked: wider ones hold whole providers.
const (
	widest4 = 24
	widest6 = 48
)

// parseNetwork reads an address or a prefix, and gives the prefix.
func parseNetwork(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		address, err := netip.ParseAddr(text)
		if err != nil || address.Zone() != "" {
			return netip.Prefix{}, errors.New("it is no address like 203.0.113.7, nor a prefix like 203.0.113.0/24")
		}
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return netip.Prefix{}, errors.New("it is no prefix like 203.0.113.0/24")
	case prefix.Addr().Is4In6():
		return netip.Prefix{}, errors.New("write it as an IPv4 prefix")
	case prefix.Masked() != prefix:
		return netip.Prefix{}, fmt.Errorf("bits are set behind the prefix: is %s meant?", prefix.Masked())
	}
	return prefix, nil
}

// networkText writes a prefix as short as it goes: one address as such.
func networkText(p netip.Prefix) string {
	if p.IsSingleIP() {
		return p.Addr().String()
	}
	return p.String()
}

// Protected are the addresses that must not be shut out.
type Protected struct {
	Own        []netip.Addr   // where the operator sits: the SSH client
	Configured []netip.Prefix // as the configuration says: monitoring, offices, payment providers
}

// refusal says why a network must not be blocked; "" when it may.
func (p Protected) refusal(n netip.Prefix) string {
	a := n.Addr()
	switch {
	case a.Is4() && n.Bits() < widest4 || a.Is6() && n.Bits() < widest6:
		return fmt.Sprintf("%s is too wide: /%d is the most for IPv4 and /%d for IPv6", n, widest4, widest6)
	case a.IsLoopback(), a.IsPrivate(), a.IsLinkLocalUnicast(), a.IsUnspecified(), a.IsMulticast(), a.IsInterfaceLocalMulticast(), shared().Overlaps(n):
		return networkText(n) + " is not an address of the internet: no request comes from there, but your own systems may be behind it"
	}
	for _, own := range p.Own {
		if n.Contains(own.Unmap()) {
			return fmt.Sprintf("%s is where you are logged in from (%s)", networkText(n), own)
		}
	}
	for _, keep := range p.Configured {
		if keep.Overlaps(n) {
			return fmt.Sprintf("%s is protected by the configuration (%s)", networkText(n), networkText(keep))
		}
	}
	return ""
}

// shared is the space that carriers put between their customers and the net.
func shared() netip.Prefix { return netip.MustParsePrefix("100.64.0.0/10") }
