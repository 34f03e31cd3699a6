package ipinyou

import "strings"

// needle maps a substring of a user agent to the short name used in features.
type needle struct{ text, name string }

// The order matters: iPhones also say "like Mac OS X", Chrome also says Safari, and many browsers also say Chrome or MSIE.
func systems() []needle {
	return []needle{
		{"windows", "windows"}, {"iphone", "ios"}, {"ipad", "ios"}, {"ipod", "ios"}, {"android", "android"},
		{"mac", "mac"}, {"linux", "linux"}, {"ios", "ios"},
	}
}

func browsers() []needle {
	return []needle{
		{"theworld", "theworld"}, {"maxthon", "maxthon"}, {"metasr", "sogou"}, {"sogou", "sogou"}, {"opera", "opera"},
		{"firefox", "firefox"}, {"chrome", "chrome"}, {"safari", "safari"}, {"msie", "ie"}, {"trident", "ie"},
	}
}

// shortUserAgent reduces a user agent to os_browser. A value that already is in that form passes unchanged.
func shortUserAgent(s string) string {
	if s == "" || isShort(s) {
		return s
	}
	s = strings.ToLower(s)
	return find(s, systems()) + "_" + find(s, browsers())
}

func find(s string, list []needle) string {
	for _, n := range list {
		if strings.Contains(s, n.text) {
			return n.name
		}
	}
	return "other"
}

// isShort reports whether s is two words of lower-case letters joined by an underscore.
func isShort(s string) bool {
	os, browser, ok := strings.Cut(s, "_")
	return ok && isWord(os) && isWord(browser)
}

func isWord(s string) bool {
	if s == "" || len(s) > 16 {
		return false
	}
	for _, c := range []byte(s) {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}
