package actions

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tocsin/internal/vercel"
)

// pathTag is what comes before a path in the tag that Next.js gives each page.
const pathTag = "_N_T_"

// CDNPurge declares that what the provider's network keeps is marked as stale.
func CDNPurge(v Vercel) Action {
	return Action{
		ID: "cdn.purge", Title: "Purge CDN", Verb: "mark it stale", Danger: Disruptive,
		Params: cdnParams(), Measures: v.Fresh,
		Blocked: v.blocked, Plan: v.planPurge(false), Run: v.purge(false),
	}
}

// CDNDelete declares that what the provider's network keeps is removed.
func CDNDelete(v Vercel) Action {
	return Action{
		ID: "cdn.delete", Title: "Delete from CDN", Verb: "delete it", Danger: Destructive,
		Params: cdnParams(), Measures: v.Fresh,
		Blocked: v.blocked, Plan: v.planPurge(true), Run: v.purge(true),
	}
}

func cdnParams() []Param {
	return []Param{
		{Name: "tag", Type: TypeTag, Optional: true, Help: "the cache tag, as the application sets it; or give a path"},
		{Name: "path", Type: TypePath, Optional: true, Help: "of a page that Next.js made (/product/1), or of a source image (/hero.png)"},
	}
}

// tagFault says why a text is no cache tag; "" when it is one.
func tagFault(tag string) string {
	switch {
	case len(tag) > vercel.MaxTagLen:
		return fmt.Sprintf("a tag has %d bytes at most", vercel.MaxTagLen)
	case strings.ContainsAny(tag, ",* "):
		return "one tag is meant, without comma, blank or *"
	}
	return ""
}

// pathFault says why a text is no path; "" when it is one.
func pathFault(path string) string {
	switch {
	case !strings.HasPrefix(path, "/"):
		return "a path begins with a slash"
	case len(path) > vercel.MaxTagLen-len(pathTag) || strings.ContainsAny(path, ",* ?#"):
		return "one path is meant, without query, comma, blank or *"
	}
	return ""
}

// purgeOf says what is to be purged, and how the operator names it.
func purgeOf(args Args) (p vercel.Purge, name string, err error) {
	tag, path := args["tag"], args["path"]
	switch {
	case (tag == "") == (path == ""):
		return p, "", fmt.Errorf("%w: give either tag or path", ErrUsage)
	case tag != "":
		return vercel.Purge{Tags: []string{tag}}, tag, nil
	case isImage(path):
		return vercel.Purge{Images: []string{path}}, path, nil
	}
	return vercel.Purge{Tags: []string{pathTag + path}}, path, nil
}

func isImage(path string) bool {
	i := strings.LastIndexByte(path, '.')
	return i >= 0 && slices.Contains([]string{"png", "jpg", "jpeg", "webp", "avif", "gif", "svg"}, strings.ToLower(path[i+1:]))
}

func (v Vercel) planPurge(remove bool) func(context.Context, Args) (Plan, error) {
	return func(ctx context.Context, args Args) (Plan, error) {
		what, name, err := purgeOf(args)
		if err != nil {
			return Plan{}, err
		}
		project, err := v.project(ctx)
		if err != nil {
			return Plan{}, err
		}
		p := Plan{Target: name, Preflight: map[string]any{"framework": project.Framework}}
		by := "the tag " + strings.Join(what.Tags, "")
		if len(what.Images) > 0 {
			by = "the source image " + what.Images[0]
		}
		verb := "mark as stale"
		if remove {
			verb = "delete"
		}
		p.Steps = []string{fmt.Sprintf("%s what the CDN, the runtime cache and the data cache of %s keep under %s", verb, project.Name, by)}
		p.Notes = append(purgeNotes(remove), originLoad(v.Facts)...)
		p.Notes = append(p.Notes, Note{"will not", "recall what browsers keep: immutable, or with a max-age of their own; nor touch Redis (cache.purge)"})
		if args["path"] != "" && len(what.Tags) > 0 {
			p.Notes = append(p.Notes, byPath(project.Framework, name))
		}
		return p, nil
	}
}

// purgeNotes say what the visitors meet.
func purgeNotes(remove bool) []Note {
	if remove {
		return []Note{
			{"visitors", "all wait until each page is made anew, all at the same time: cdn.purge spares them that"},
			{"before that", "mark it as stale (cdn.purge), unless what is kept must not be shown even once more"},
		}
	}
	return []Note{{"visitors", "the next one of each page gets the old one once more while it is made anew; those after get the new one"}}
}

// byPath says what a path means.
func byPath(framework, path string) Note {
	text := "Vercel purges by tag only: " + pathTag + path + " is the tag that Next.js gives that page; in other pages nothing happens"
	if framework != "nextjs" && framework != "" {
		text += fmt.Sprintf(". This project is made with %s: it may have no such tag", framework)
	}
	return Note{"by path", text}
}

func (v Vercel) purge(remove bool) func(context.Context, Plan, func(Progress)) (Result, error) {
	return func(ctx context.Context, p Plan, _ func(Progress)) (Result, error) {
		what, _, err := purgeOf(p.Args)
		if err != nil {
			return Result{}, err
		}
		err = v.Use(ctx, func(c *vercel.Client) error {
			if remove {
				return c.Delete(ctx, what)
			}
			return c.Invalidate(ctx, what)
		})
		if err != nil && !vercel.Refused(err) {
			return Result{Unsure: "the request had no answer (" + err.Error() + "): it does no harm to ask again"}, nil
		}
		return outcome(p, "Vercel took it; what it keeps cannot be read", err)
	}
}
