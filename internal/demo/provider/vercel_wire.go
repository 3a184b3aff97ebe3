package provider

import (
	"crypto/sha256"
	"fmt"
	"math/big"
	"time"
)

// The shapes below are the required fields of the API's schemas and those that
// people look at; times are epoch milliseconds.

type deploymentPage struct {
	Deployments []listedDeployment `json:"deployments"`
	Pagination  pageOfBuilds       `json:"pagination"`
}

// pageOfBuilds is the pagination of a list that leaves out what there is not.
type pageOfBuilds struct {
	Count int    `json:"count"`
	Next  *int64 `json:"next,omitempty"` // pass as until= for the next page
	Prev  *int64 `json:"prev,omitempty"`
}

type pagination struct {
	Count int    `json:"count"`
	Next  *int64 `json:"next"` // pass as until= for the next page; null on the last
	Prev  *int64 `json:"prev"`
}

type creator struct {
	UID         string `json:"uid"`
	Username    string `json:"username"`
	Email       string `json:"email"`
	GithubLogin string `json:"githubLogin"`
}

// listedCreator is a creator as a list has it.
type listedCreator struct {
	creator

	GitlabLogin *string `json:"gitlabLogin"`
	Type        string  `json:"type"`
}

// account is the short form of a creator.
type account struct {
	UID      string `json:"uid"`
	Username string `json:"username"`
}

// untold are the fields of a list that are always there and say nothing here.
type untold struct {
	Attribution                   *struct{} `json:"attribution"`
	Checks                        *struct{} `json:"checks"`
	ChecksConclusion              *struct{} `json:"checksConclusion"`
	ChecksState                   *struct{} `json:"checksState"`
	ConnectBuildsEnabled          *struct{} `json:"connectBuildsEnabled"`
	ConnectConfigurationID        *struct{} `json:"connectConfigurationId"`
	CustomEnvironment             *struct{} `json:"customEnvironment"`
	DefaultRoute                  *struct{} `json:"defaultRoute"`
	Deleted                       *struct{} `json:"deleted"`
	Expiration                    *struct{} `json:"expiration"`
	ManualProvisioning            *struct{} `json:"manualProvisioning"`
	OomReport                     *struct{} `json:"oomReport"`
	PassiveConnectConfigurationID *struct{} `json:"passiveConnectConfigurationId"`
	Platform                      *struct{} `json:"platform"`
	Prebuilt                      *struct{} `json:"prebuilt"`
	ProjectSettings               *struct{} `json:"projectSettings"`
	ProposedExpiration            *struct{} `json:"proposedExpiration"`
	SeatBlock                     *struct{} `json:"seatBlock"`
	SoftDeletedByRetention        *struct{} `json:"softDeletedByRetention"`
	Undeleted                     *struct{} `json:"undeleted"`
}

type listedDeployment struct {
	untold

	UID                 string            `json:"uid"`
	Name                string            `json:"name"`
	ProjectID           string            `json:"projectId"`
	URL                 string            `json:"url"`
	Created             int64             `json:"created"`
	CreatedAt           int64             `json:"createdAt"`
	BuildingAt          *int64            `json:"buildingAt"`
	Ready               int64             `json:"ready"`
	State               string            `json:"state"`
	ReadyState          string            `json:"readyState"`
	ReadySubstate       *string           `json:"readySubstate"`
	ErrorCode           *string           `json:"errorCode"`
	ErrorMessage        string            `json:"errorMessage"`
	Type                string            `json:"type"`
	Target              string            `json:"target"`
	Source              string            `json:"source"`
	InspectorURL        string            `json:"inspectorUrl"`
	IsRollbackCandidate bool              `json:"isRollbackCandidate"`
	Creator             listedCreator     `json:"creator"`
	Meta                map[string]string `json:"meta"`
}

type detailedDeployment struct {
	ID            string            `json:"id"`
	Name          string            `json:"name"`
	URL           string            `json:"url"`
	Version       int               `json:"version"`
	Type          string            `json:"type"`
	Target        string            `json:"target"`
	Status        string            `json:"status"`
	ReadyState    string            `json:"readyState"`
	ReadySubstate string            `json:"readySubstate,omitempty"`
	Public        bool              `json:"public"`
	BuildSkipped  bool              `json:"buildSkipped"`
	AliasAssigned bool              `json:"aliasAssigned"`
	CreatedAt     int64             `json:"createdAt"`
	BuildingAt    int64             `json:"buildingAt"`
	BootedAt      int64             `json:"bootedAt"`
	Ready         int64             `json:"ready,omitempty"`
	ErrorCode     string            `json:"errorCode,omitempty"`
	ErrorMessage  string            `json:"errorMessage,omitempty"`
	Alias         []string          `json:"alias"`
	Creator       account           `json:"creator"`
	Regions       []string          `json:"regions"`
	Meta          map[string]string `json:"meta"`
}

// changedDeployment is a deployment as the answer to a change has it.
type changedDeployment struct {
	detailedDeployment

	ProjectID       string         `json:"projectId"`
	OwnerID         string         `json:"ownerId"`
	Plan            string         `json:"plan"`
	CreatedIn       string         `json:"createdIn"`
	InspectorURL    *string        `json:"inspectorUrl"`
	InQueue         bool           `json:"isInConcurrentBuildsQueue"`
	InSystemQueue   bool           `json:"isInSystemBuildsQueue"`
	ProjectSettings map[string]any `json:"projectSettings"`
	Routes          *[]string      `json:"routes"`
	Env             []string       `json:"env"`
	Build           buildEnv       `json:"build"`
}

type buildEnv struct {
	Env []string `json:"env"`
}

func (v *Vercel) changed(d *deployment) changedDeployment {
	return changedDeployment{
		detailedDeployment: v.detailed(d), ProjectID: v.projectID(), OwnerID: v.teamID(), Plan: v.opts.Plan, CreatedIn: "iad1",
		ProjectSettings: map[string]any{}, Env: []string{}, Build: buildEnv{Env: []string{}},
	}
}

type productionBody struct {
	Deployment productionDeployment `json:"deployment"`
}

type productionDeployment struct {
	ID  string `json:"id"`
	URL string `json:"url"`
}

type projectBody struct {
	ID                      string                    `json:"id"`
	Name                    string                    `json:"name"`
	AccountID               string                    `json:"accountId"`
	NodeVersion             string                    `json:"nodeVersion"`
	Live                    bool                      `json:"live"`
	Paused                  bool                      `json:"paused"`
	DirectoryListing        bool                      `json:"directoryListing"`
	AutoAssignCustomDomains bool                      `json:"autoAssignCustomDomains"`
	ResourceConfig          map[string]any            `json:"resourceConfig"`
	DefaultResourceConfig   map[string]any            `json:"defaultResourceConfig"`
	Targets                 map[string]*projectTarget `json:"targets"`
	LastAliasRequest        *aliasRequestBody         `json:"lastAliasRequest"`
	LastRollbackTarget      map[string]any            `json:"lastRollbackTarget"`
	RollbackDescription     *rollbackDescription      `json:"rollbackDescription,omitempty"`
	Crons                   *cronsBody                `json:"crons,omitempty"`
	Security                security                  `json:"security"`
	Framework               string                    `json:"framework"`
}

type projectTarget struct {
	ID                 string            `json:"id"`
	Name               string            `json:"name"`
	URL                string            `json:"url"`
	DeploymentHostname string            `json:"deploymentHostname"`
	CreatedAt          int64             `json:"createdAt"`
	CreatedIn          string            `json:"createdIn"`
	ReadyState         string            `json:"readyState"`
	ReadySubstate      string            `json:"readySubstate"`
	Plan               string            `json:"plan"`
	Private            bool              `json:"private"`
	Target             string            `json:"target"`
	Type               string            `json:"type"`
	UserID             string            `json:"userId"`
	Creator            creator           `json:"creator"`
	Meta               map[string]string `json:"meta"`
}

type aliasRequestBody struct {
	FromDeploymentID string `json:"fromDeploymentId"`
	ToDeploymentID   string `json:"toDeploymentId"`
	JobStatus        string `json:"jobStatus"`
	RequestedAt      int64  `json:"requestedAt"`
	Type             string `json:"type"`
}

type rollbackDescription struct {
	UserID      string `json:"userId"`
	Username    string `json:"username"`
	Description string `json:"description"`
	CreatedAt   int64  `json:"createdAt"`
}

// newDeployment gives a build the id and the address that a real one would
// have. They depend on nothing random, so two runs can be compared.
func newDeployment(project string, b Build, n int) *deployment {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %d", project, b.Name, b.Commit, n))
	word := new(big.Int).SetBytes(sum[:]).Text(62)
	return &deployment{
		id:           "dpl_" + word[:28],
		url:          fmt.Sprintf("%s-%x.vercel.app", project, sum[:5]),
		build:        b,
		construction: newConstruction(),
		runtime:      newFeed(0),
	}
}

func (v *Vercel) projectID() string { return "prj_" + v.opts.Project }

func (v *Vercel) teamID() string { return "team_" + v.opts.Team }

func (v *Vercel) isProject(idOrName string) bool {
	return idOrName == v.opts.Project || idOrName == v.projectID()
}

// candidate tells whether production can be rolled back to d. The caller holds mu.
func (v *Vercel) candidate(d *deployment) bool {
	return d.served && d != v.live && (v.opts.Plan != "hobby" || d == v.previous)
}

func (d *deployment) substate() string {
	switch {
	case d.state != "READY":
		return ""
	case d.served:
		return "PROMOTED"
	}
	return "STAGED"
}

// errorCode is the word for why it failed; "" where it did not.
func (d *deployment) errorCode() string {
	if d.fault == "" {
		return ""
	}
	return "BUILD_FAILED"
}

// source says where it was created from.
func (d *deployment) source() string {
	if d.anew {
		return "redeploy"
	}
	return "git"
}

// orNull is a value on the wire; null for none.
func orNull[T comparable](v T) *T {
	var none T
	if v == none {
		return nil
	}
	return &v
}

// since is a time on the wire; 0 for none.
func since(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixMilli()
}

func (d *deployment) creator() creator {
	a := d.build.Author
	return creator{UID: "usr_" + a, Username: a, Email: a + "@shop.example", GithubLogin: a}
}

func (d *deployment) meta() map[string]string {
	return map[string]string{
		"githubCommitSha":         d.build.Commit,
		"githubCommitMessage":     d.build.Message,
		"githubCommitAuthorLogin": d.build.Author,
		"githubCommitAuthorName":  d.build.Author,
		"githubCommitRef":         "main",
		"build":                   d.build.Name,
	}
}

func (v *Vercel) listed(d *deployment) listedDeployment {
	created := d.build.Created.UnixMilli()
	return listedDeployment{
		UID: d.id, Name: v.opts.Project, ProjectID: v.projectID(), URL: d.url,
		Created: created, CreatedAt: created, BuildingAt: orNull(since(d.building)), Ready: since(d.ready),
		State: d.state, ReadyState: d.state, ReadySubstate: orNull(d.substate()), ErrorCode: orNull(d.errorCode()), ErrorMessage: d.fault,
		Type: "LAMBDAS", Target: "production", Source: d.source(),
		InspectorURL:        "https://vercel.com/" + v.opts.Team + "/" + v.opts.Project + "/" + d.id[len("dpl_"):],
		IsRollbackCandidate: v.candidate(d),
		Creator:             listedCreator{creator: d.creator(), Type: "user"}, Meta: d.meta(),
	}
}

func (v *Vercel) detailed(d *deployment) detailedDeployment {
	created := d.build.Created.UnixMilli()
	return detailedDeployment{
		ID: d.id, Name: v.opts.Project, URL: d.url, Version: 2, Type: "LAMBDAS", Target: "production",
		Status: d.state, ReadyState: d.state, ReadySubstate: d.substate(), AliasAssigned: d.served,
		CreatedAt: created, BuildingAt: since(d.building), BootedAt: created, Ready: since(d.ready),
		ErrorCode: d.errorCode(), ErrorMessage: d.fault, Alias: v.aliases(d),
		Creator: account{d.creator().UID, d.build.Author}, Regions: []string{"iad1"}, Meta: d.meta(),
	}
}

func (v *Vercel) projectBody() projectBody {
	p := projectBody{
		ID: v.projectID(), Name: v.opts.Project, AccountID: v.teamID(), NodeVersion: "24.x",
		Live: v.live != nil, AutoAssignCustomDomains: v.autoAssign,
		ResourceConfig: map[string]any{}, DefaultResourceConfig: map[string]any{},
		Targets: map[string]*projectTarget{}, Crons: v.crons(), Security: v.security(), Framework: "nextjs",
	}
	if v.live != nil {
		p.Targets["production"] = v.targetBody(v.live)
	}
	if r := v.last; r != nil {
		p.LastAliasRequest = &aliasRequestBody{r.from, r.to, r.status, r.requested.UnixMilli(), r.kind}
	}
	if n := v.note; n != nil {
		p.RollbackDescription = &rollbackDescription{"usr_operator", "operator", n.text, n.at.UnixMilli()}
		p.LastRollbackTarget = map[string]any{"deploymentId": v.last.to, "createdAt": n.at.UnixMilli()}
	}
	return p
}

func (v *Vercel) targetBody(d *deployment) *projectTarget {
	return &projectTarget{
		ID: d.id, Name: v.opts.Project, URL: d.url, DeploymentHostname: d.url,
		CreatedAt: d.build.Created.UnixMilli(), CreatedIn: "iad1",
		ReadyState: "READY", ReadySubstate: d.substate(), Plan: v.opts.Plan,
		Target: "production", Type: "LAMBDAS", UserID: d.creator().UID,
		Creator: d.creator(), Meta: d.meta(),
	}
}
