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
		Params:  cdnParams(),
		Blocked: v.blocked, Plan: v.planPurge(false), Run: v.purge(false),
	}
}

// CDNDelete declares that what the provider's network keeps is removed.
func CDNDelete(v Vercel) Action {
	return Action{
		ID: "cdn.delete", Title: "Delete from CDN", Verb: "delete it", Danger: Destructive,
		Params:  cdnParams(),
		Blocked: v.blocked, Plan: v.planPurge(true), Run: v.purge(true),
	}
}

func cdnParams() []Param {
	return []Param{{Name: "tag", Type: TypeTag, Help: "the cache tag (offers), or the path of a page that Next.js made (/product/1) or of a source image (/hero.png)"}}
}

// tagFault says why a text is neither a cache tag nor a path; "" when it is one.
func tagFault(tag string) string {
	switch {
	case strings.ContainsAny(tag, ",* "):
		return "one tag or path is meant, without comma, blank or *"
	case isPath(tag) && strings.ContainsAny(tag, "?#"):
		return "a path has no query"
	case len(tag) > vercel.MaxTagLen-len(pathTag):
		return fmt.Sprintf("it has more than %d bytes", vercel.MaxTagLen-len(pathTag))
	}
	return ""
}

func isPath(tag string) bool { return strings.HasPrefix(tag, "/") }

// purgeOf says what is to be purged.
func purgeOf(tag string) vercel.Purge {
	switch {
	case !isPath(tag):
		return vercel.Purge{Tags: []string{tag}}
	case isImage(tag):
		return vercel.Purge{Images: []string{tag}}
	}
	return vercel.Purge{Tags: []string{pathTag + tag}}
}

func isImage(path string) bool {
	i := strings.LastIndexByte(path, '.')
	return i >= 0 && slices.Contains([]string{"png", "jpg", "jpeg", "webp", "avif", "gif", "svg"}, strings.ToLower(path[i+1:]))
}

func (v Vercel) planPurge(remove bool) func(context.Context, Args) (Plan, error) {
	return func(ctx context.Context, args Args) (Plan, error) {
		name := args["tag"]
		what := purgeOf(name)
		project, err := v.project(ctx)
		if err != nil {
			return Plan{}, err
		}
		p := Plan{Target: name, Preflight: map[string]any{"framework": project.Framework}, Measures: v.Fresh[name]}
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
		if isPath(name) && len(what.Tags) > 0 {
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
		what := purgeOf(p.Args["tag"])
		err := v.Use(ctx, func(c *vercel.Client) error {
			if remove {
				return c.Delete(ctx, what)
			}
			return c.Invalidate(ctx, what)
		})
		if err != nil && !vercel.Refused(err) {
			return Result{Unsure: "the request had no answer (" + err.Error() + "): it does no harm to ask again"}, nil
		}
		return siteOutcome(p, "Vercel took it; what it keeps cannot be read", err)
	}
}
