-- Reports and moderation.

CREATE SCHEMA moderation;
GRANT USAGE ON SCHEMA moderation TO souk_app;

-- One thing before the moderators. Reports and flags of the same thing join its open case. Those
-- concerned see it once it is decided.
CREATE TABLE moderation.cases (
    id text PRIMARY KEY,
    subject_kind text NOT NULL
        CHECK (subject_kind IN ('listing', 'review', 'collection', 'organisation')),
    subject_id text NOT NULL,
    organisation_id text NOT NULL,
    author_id text,
    -- The case as a part of which it was decided: of a review hidden together with others.
    parent_id text REFERENCES moderation.cases,
    title text NOT NULL,
    link text NOT NULL,
    excerpt text NOT NULL,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'decided', 'appealed')),
    reports integer NOT NULL DEFAULT 0 CHECK (reports >= 0),
    score double precision NOT NULL DEFAULT 0 CHECK (score BETWEEN 0 AND 1),
    priority integer NOT NULL GENERATED ALWAYS AS (
        least(reports, 1000) * 10 + round(score * 50)::integer
    ) STORED,
    claimed_by text,
    claimed_at timestamptz,
    opened_at timestamptz NOT NULL,
    decided_at timestamptz,
    CONSTRAINT cases_claim CHECK ((claimed_by IS NULL) = (claimed_at IS NULL)),
    CONSTRAINT cases_decision CHECK ((state = 'open') = (decided_at IS NULL))
);
CREATE UNIQUE INDEX cases_one_open ON moderation.cases (subject_kind, subject_id)
    WHERE state = 'open';
CREATE INDEX cases_queue ON moderation.cases (state, priority DESC, id DESC);
CREATE INDEX cases_of_subject ON moderation.cases (subject_kind, subject_id);
CREATE INDEX cases_of_parent ON moderation.cases (parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX cases_of_organisation ON moderation.cases (organisation_id, id DESC);

ALTER TABLE moderation.cases ENABLE ROW LEVEL SECURITY;
CREATE POLICY concerned ON moderation.cases FOR SELECT
    USING (infra.is_system() OR (decided_at IS NOT NULL AND infra.may_see(organisation_id)));
CREATE POLICY worked_on ON moderation.cases USING (infra.is_system());
GRANT SELECT, INSERT ON moderation.cases TO souk_app;
GRANT UPDATE (parent_id, state, reports, score, claimed_by, claimed_at, decided_at)
    ON moderation.cases TO souk_app;

-- What somebody said is wrong: one open report a person and subject.
CREATE TABLE moderation.reports (
    id text PRIMARY KEY,
    case_id text NOT NULL REFERENCES moderation.cases,
    subject_kind text NOT NULL,
    subject_id text NOT NULL,
    subject_title text NOT NULL,
    reporter_id text NOT NULL,
    reason text NOT NULL CHECK (reason IN (
        'spam', 'fake', 'offensive', 'misleading', 'copyright', 'malware', 'privacy', 'illegal',
        'other')),
    text text NOT NULL CHECK (length(text) <= 2000),
    created_at timestamptz NOT NULL,
    answered_at timestamptz
);
CREATE UNIQUE INDEX reports_one_open ON moderation.reports (reporter_id, subject_kind, subject_id)
    WHERE answered_at IS NULL;
CREATE INDEX reports_of_case ON moderation.reports (case_id, id);
CREATE INDEX reports_of_reporter ON moderation.reports (reporter_id, id DESC);
ALTER TABLE moderation.reports ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON moderation.reports FOR SELECT USING (people.is_me(reporter_id));
CREATE POLICY made ON moderation.reports FOR INSERT WITH CHECK (people.is_me(reporter_id));
CREATE POLICY answered ON moderation.reports FOR UPDATE USING (infra.is_system());
GRANT SELECT, INSERT, UPDATE (answered_at) ON moderation.reports TO souk_app;

-- What a rule found suspicious. `fingerprint`: the same finding is brought up once.
CREATE TABLE moderation.flags (
    id text PRIMARY KEY,
    case_id text NOT NULL REFERENCES moderation.cases,
    rule text NOT NULL,
    fingerprint text NOT NULL UNIQUE,
    score double precision NOT NULL CHECK (score BETWEEN 0 AND 1),
    reasons text[] NOT NULL CHECK (cardinality(reasons) > 0),
    review_ids text[] NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX flags_of_case ON moderation.flags (case_id, id);
ALTER TABLE moderation.flags ENABLE ROW LEVEL SECURITY;
CREATE POLICY worked_on ON moderation.flags USING (infra.is_system());
GRANT SELECT, INSERT ON moderation.flags TO souk_app;

-- What was decided, for good.
CREATE TABLE moderation.decisions (
    id text PRIMARY KEY,
    case_id text NOT NULL REFERENCES moderation.cases,
    action text NOT NULL CHECK (action IN ('dismiss', 'hide', 'hide_reviews', 'restore', 'warn')),
    reason text NOT NULL CHECK (length(reason) BETWEEN 3 AND 1000),
    decided_by text NOT NULL,
    on_appeal boolean NOT NULL,
    decided_at timestamptz NOT NULL
);
CREATE INDEX decisions_of_case ON moderation.decisions (case_id, id);
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON moderation.decisions
    FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change();
ALTER TABLE moderation.decisions ENABLE ROW LEVEL SECURITY;
-- Whoever sees the case (its own policy decides that) sees what was decided.
CREATE POLICY of_the_case ON moderation.decisions FOR SELECT
    USING (EXISTS (SELECT 1 FROM moderation.cases c WHERE c.id = case_id));
CREATE POLICY made ON moderation.decisions FOR INSERT WITH CHECK (infra.is_system());
GRANT SELECT, INSERT ON moderation.decisions TO souk_app;

-- Another look, asked for once a case.
CREATE TABLE moderation.appeals (
    case_id text PRIMARY KEY REFERENCES moderation.cases,
    user_id text NOT NULL,
    text text NOT NULL CHECK (length(text) BETWEEN 3 AND 2000),
    created_at timestamptz NOT NULL,
    answered_at timestamptz,
    accepted boolean,
    CONSTRAINT appeals_answer CHECK ((answered_at IS NULL) = (accepted IS NULL))
);
ALTER TABLE moderation.appeals ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_case ON moderation.appeals FOR SELECT
    USING (EXISTS (SELECT 1 FROM moderation.cases c WHERE c.id = case_id));
CREATE POLICY made ON moderation.appeals FOR INSERT WITH CHECK (
    people.is_me(user_id)
    AND EXISTS (SELECT 1 FROM moderation.cases c WHERE c.id = case_id)
);
CREATE POLICY answered ON moderation.appeals FOR UPDATE USING (infra.is_system());
GRANT SELECT, INSERT, UPDATE (answered_at, accepted) ON moderation.appeals TO souk_app;

-- A listing that moderators took off the market: not sold, not found, its words shown to its owner
-- alone. Who holds a licence keeps it and the files.
ALTER TABLE works.listings ADD COLUMN hidden_at timestamptz;
ALTER TABLE works.listings ADD COLUMN hidden_reason text;
ALTER TABLE works.listings ADD COLUMN hidden_state text
    CHECK (hidden_state IN ('draft', 'published', 'retired'));
ALTER TABLE works.listings ADD CONSTRAINT listings_hiding CHECK (
    (hidden_at IS NULL) = (hidden_reason IS NULL)
    AND (hidden_at IS NULL) = (hidden_state IS NULL)
    AND (hidden_at IS NULL OR state <> 'published')
);
ALTER POLICY images_seen ON galleries.images USING (
    infra.may_see(owner_organisation_id) OR EXISTS (
        SELECT FROM works.listings l
        WHERE l.id = listing_id AND l.published_at IS NOT NULL AND l.hidden_at IS NULL
    )
);
