-- The ledger: accounts, transfers, postings, holds; deposits.
--
-- The application cannot write any of the books. It calls ledger.open_accounts and ledger.record,
-- and the rest is kept true here: postings of a transfer sum to zero in each currency, a balance
-- is the sum of its postings, no account falls below its floor, nothing recorded ever changes.

CREATE SCHEMA ledger;
GRANT USAGE ON SCHEMA ledger TO souk_app;

-- Refuses a statement unless it comes out of another trigger, which is how balances are kept.
CREATE FUNCTION ledger.refuse_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'balances follow from postings and are not written by hand'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

-- What an account is for. Never changes.
CREATE TABLE ledger.accounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('wallet', 'held', 'owed', 'platform', 'external')),
    name text NOT NULL CHECK (name <> ''),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3,5}$'),
    owner_organisation_id text GENERATED ALWAYS AS (
        CASE WHEN kind IN ('wallet', 'held', 'owed') THEN name END
    ) STORED,
    UNIQUE (name, kind, currency)
);
CREATE INDEX accounts_of_debtors ON ledger.accounts (id) WHERE kind = 'owed';

-- Balances of accounts that have a floor (wallets, held money): one row each, locked while money
-- moves. Narrow and alone in their table, since this is what every transfer updates.
CREATE TABLE ledger.funds (
    account_id bigint PRIMARY KEY REFERENCES ledger.accounts,
    balance_minor bigint NOT NULL DEFAULT 0,
    CONSTRAINT funds_stay_above_floor CHECK (balance_minor >= 0)
) WITH (fillfactor = 50);

-- Balances of accounts that may go below zero (the platform, the outside world, debts): the sum of
-- stripes, one for each of many connections, so that no two sales wait for each other there.
CREATE TABLE ledger.stripes (
    account_id bigint NOT NULL REFERENCES ledger.accounts,
    stripe smallint NOT NULL,
    balance_minor bigint NOT NULL,
    PRIMARY KEY (account_id, stripe)
) WITH (fillfactor = 20);

CREATE SEQUENCE ledger.transfer_numbers;

CREATE TABLE ledger.transfers (
    number bigint PRIMARY KEY,
    id text NOT NULL UNIQUE,
    kind text NOT NULL CHECK (kind <> ''),
    idempotency_key text NOT NULL,
    content_hash bytea NOT NULL,
    reference text,
    note text NOT NULL,
    reverses text REFERENCES ledger.transfers (id),
    created_at timestamptz NOT NULL,
    CONSTRAINT transfers_once UNIQUE (idempotency_key)
);
CREATE UNIQUE INDEX transfers_reversed_once ON ledger.transfers (reverses)
    WHERE reverses IS NOT NULL;

-- Foreign keys would look at every row on its own; ledger.settle looks at all rows of a statement
-- at once, and neither accounts nor transfers can ever be deleted.
CREATE TABLE ledger.postings (
    transfer_number bigint NOT NULL,
    account_id bigint NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor <> 0),
    balance_after_minor bigint,
    PRIMARY KEY (account_id, transfer_number),
    CONSTRAINT postings_stay_above_floor CHECK (balance_after_minor >= 0)
);
CREATE INDEX postings_by_transfer ON ledger.postings (transfer_number);

-- What every statement that adds postings must satisfy, and what follows from it. Its plans are made
-- once a connection, perhaps for a large batch, and must suit a single sale too: by index, always.
CREATE FUNCTION ledger.settle() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
    IF EXISTS (
        SELECT FROM (
            SELECT p.transfer_number
            FROM added p LEFT JOIN ledger.accounts a ON a.id = p.account_id
            GROUP BY p.transfer_number, a.currency
            HAVING sum(p.amount_minor) <> 0 OR a.currency IS NULL
        ) AS wrong
    ) THEN
        RAISE EXCEPTION 'the postings of a transfer must sum to zero in each currency'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'transfers_balance';
    END IF;
    IF EXISTS (
        SELECT FROM (SELECT DISTINCT transfer_number AS number FROM added) p
            LEFT JOIN ledger.transfers t USING (number)
        WHERE t.id IS NULL
    ) THEN
        RAISE EXCEPTION 'a posting belongs to a transfer' USING ERRCODE = 'foreign_key_violation';
    END IF;

    UPDATE ledger.funds f SET balance_minor = f.balance_minor + moved.amount_minor
    FROM (
        SELECT account_id, sum(amount_minor)::bigint AS amount_minor FROM added GROUP BY account_id
    ) AS moved
    WHERE f.account_id = moved.account_id;

    INSERT INTO ledger.stripes AS s (account_id, stripe, balance_minor)
    SELECT account_id, pg_backend_pid() % 64, amount_minor
    FROM (
        SELECT account_id, sum(amount_minor)::bigint AS amount_minor
        FROM added WHERE balance_after_minor IS NULL GROUP BY account_id
    ) AS moved
    WHERE NOT EXISTS (SELECT FROM ledger.funds f WHERE f.account_id = moved.account_id)
    ORDER BY account_id
    ON CONFLICT (account_id, stripe)
        DO UPDATE SET balance_minor = s.balance_minor + excluded.balance_minor;
    RETURN NULL;
END $$;

CREATE TRIGGER postings_settle AFTER INSERT ON ledger.postings
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger.settle();
CREATE TRIGGER postings_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.postings
    FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change();
CREATE TRIGGER transfers_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.transfers
    FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change();
CREATE TRIGGER accounts_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.accounts
    FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change();
CREATE TRIGGER funds_stay BEFORE DELETE OR TRUNCATE ON ledger.funds
    FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change();
CREATE TRIGGER funds_start_empty BEFORE INSERT ON ledger.funds
    FOR EACH ROW WHEN (NEW.balance_minor <> 0) EXECUTE FUNCTION infra.refuse_change();
CREATE TRIGGER funds_follow BEFORE UPDATE ON ledger.funds
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_by_hand();
CREATE TRIGGER stripes_follow BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON ledger.stripes
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_by_hand();

-- The ids of accounts, in the order asked for; those that are not there yet are made.
CREATE FUNCTION ledger.open_accounts(kinds text[], names text[], currencies text[])
    RETURNS TABLE (id bigint) LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    WITH made AS (
        INSERT INTO ledger.accounts (kind, name, currency)
        SELECT DISTINCT w.kind, w.name, w.currency
        FROM unnest(kinds, names, currencies) AS w(kind, name, currency)
        WHERE NOT EXISTS (
            SELECT FROM ledger.accounts a
            WHERE a.kind = w.kind AND a.name = w.name AND a.currency = w.currency
        )
        ORDER BY 2, 1, 3
        ON CONFLICT DO NOTHING
        RETURNING accounts.id, accounts.kind
    )
    INSERT INTO ledger.funds (account_id)
    SELECT made.id FROM made WHERE made.kind IN ('wallet', 'held');
    RETURN QUERY
        SELECT a.id
        FROM unnest(kinds, names, currencies) WITH ORDINALITY AS w(kind, name, currency, place)
            JOIN ledger.accounts a USING (kind, name, currency)
        ORDER BY w.place;
END $$;

-- Records transfers, all or none: the only way into the books.
--
-- Transfers are numbered from 1 by their place in the arrays; a posting names its transfer by that
-- number in `positions`. No two postings of a transfer are of one account.
-- Answers NULL when all were recorded. When a key was used before, or an account would fall below its
-- floor, nothing is recorded and the answer is what the caller needs to decide which may go:
-- {"balances": {account id: balance}, "known": {key: [transfer id, content hash as hex]},
--  "reversed": [transfer ids]}. The accounts with a floor stay locked until the transaction ends.
CREATE FUNCTION ledger.record(
    ids text[], kinds text[], keys text[], hashes bytea[], transfer_references text[], notes text[],
    reversals text[], recorded_at timestamptz,
    positions integer[], account_ids bigint[], amounts bigint[]
) RETURNS jsonb LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    numbers bigint[];
    broken text;
BEGIN
    PERFORM FROM ledger.funds
        WHERE account_id = ANY (account_ids) ORDER BY account_id FOR NO KEY UPDATE;
    BEGIN
        -- Taken after the lock, so that the numbers on an account are in the order of its balances.
        numbers := ARRAY(
            SELECT nextval('ledger.transfer_numbers') FROM generate_series(1, cardinality(ids))
        );
        INSERT INTO ledger.transfers (
            number, id, kind, idempotency_key, content_hash, reference, note, reverses, created_at
        )
        SELECT t.*, recorded_at
        FROM unnest(numbers, ids, kinds, keys, hashes, transfer_references, notes, reversals) AS t;

        INSERT INTO ledger.postings (
            transfer_number, account_id, amount_minor, balance_after_minor
        )
        SELECT numbers[p.position], p.account_id, p.amount_minor,
            f.balance_minor + sum(p.amount_minor) OVER (PARTITION BY p.account_id ORDER BY p.position)
        FROM unnest(positions, account_ids, amounts) AS p(position, account_id, amount_minor)
            LEFT JOIN ledger.funds f ON f.account_id = p.account_id;
        RETURN NULL;
    EXCEPTION WHEN check_violation OR unique_violation THEN
        GET STACKED DIAGNOSTICS broken = CONSTRAINT_NAME;
        IF broken NOT IN (
            'transfers_once', 'transfers_reversed_once',
            'postings_stay_above_floor', 'funds_stay_above_floor'
        ) THEN
            RAISE;
        END IF;
    END;
    RETURN jsonb_build_object(
        'balances', (
            SELECT coalesce(jsonb_object_agg(account_id, balance_minor), '{}') FROM ledger.funds
            WHERE account_id = ANY (account_ids)
        ),
        'known', (
            SELECT coalesce(
                jsonb_object_agg(
                    idempotency_key, jsonb_build_array(id, encode(content_hash, 'hex'))
                ), '{}'
            ) FROM ledger.transfers WHERE idempotency_key = ANY (keys)
        ),
        'reversed', (
            SELECT coalesce(jsonb_agg(reverses), '[]') FROM ledger.transfers
            WHERE reverses = ANY (reversals)
        )
    );
END $$;

REVOKE ALL ON FUNCTION ledger.open_accounts, ledger.record, ledger.settle FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.open_accounts, ledger.record TO souk_app;

ALTER TABLE ledger.accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ledger.accounts USING (infra.may_see(owner_organisation_id));
ALTER TABLE ledger.funds ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ledger.funds USING (
    infra.is_system() OR EXISTS (SELECT FROM ledger.accounts a WHERE a.id = account_id)
);
ALTER TABLE ledger.stripes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ledger.stripes USING (
    infra.is_system() OR EXISTS (SELECT FROM ledger.accounts a WHERE a.id = account_id)
);
ALTER TABLE ledger.postings ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ledger.postings USING (
    infra.is_system() OR EXISTS (SELECT FROM ledger.accounts a WHERE a.id = account_id)
);
ALTER TABLE ledger.transfers ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ledger.transfers USING (
    infra.is_system() OR EXISTS (SELECT FROM ledger.postings p WHERE p.transfer_number = number)
);
GRANT SELECT ON ledger.accounts, ledger.funds, ledger.stripes, ledger.postings, ledger.transfers
    TO souk_app;

-- Every account with its whole balance, and its floor where it has one.
CREATE VIEW ledger.balances WITH (security_invoker = true) AS
    SELECT a.id, a.kind, a.name, a.currency, a.owner_organisation_id,
        CASE WHEN f.account_id IS NOT NULL THEN 0 END AS floor_minor,
        coalesce(f.balance_minor, 0) + coalesce(
            (SELECT sum(s.balance_minor) FROM ledger.stripes s WHERE s.account_id = a.id), 0
        ) AS balance_minor
    FROM ledger.accounts a LEFT JOIN ledger.funds f ON f.account_id = a.id;
GRANT SELECT ON ledger.balances TO souk_app;

-- Money set aside for something that may or may not happen. The money itself is on the held account.
CREATE TABLE ledger.holds (
    id text PRIMARY KEY,
    owner_organisation_id text NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'captured', 'released')),
    idempotency_key text NOT NULL UNIQUE,
    placed_by text NOT NULL REFERENCES ledger.transfers (id),
    ended_by text REFERENCES ledger.transfers (id),
    reference text,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    ended_at timestamptz,
    CHECK ((state = 'active') = (ended_by IS NULL) AND (state = 'active') = (ended_at IS NULL))
);
CREATE INDEX holds_due ON ledger.holds (expires_at) WHERE state = 'active';
CREATE INDEX holds_by_owner ON ledger.holds (owner_organisation_id, currency)
    WHERE state = 'active';
ALTER TABLE ledger.holds ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ledger.holds USING (infra.may_see(owner_organisation_id));
CREATE FUNCTION ledger.hold_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a hold ends once' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER holds_end_once BEFORE UPDATE ON ledger.holds
    FOR EACH ROW WHEN (OLD.state <> 'active') EXECUTE FUNCTION ledger.hold_ended();
GRANT SELECT, INSERT, UPDATE (state, ended_by, ended_at) ON ledger.holds TO souk_app;

-- A transfer's postings, whoever owns them, with the accounts that have a floor locked: for a
-- reversal, which moves money of organisations that the caller cannot see.
CREATE FUNCTION ledger.lock_for_reversal(transfer_id text)
    RETURNS TABLE (
        kind text, name text, currency text, amount_minor bigint, balance_minor bigint, reverses text
    ) LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM ledger.funds f
        WHERE f.account_id IN (
            SELECT p.account_id FROM ledger.postings p
                JOIN ledger.transfers t ON t.number = p.transfer_number
            WHERE t.id = transfer_id
        )
        ORDER BY f.account_id FOR NO KEY UPDATE;
    RETURN QUERY
        SELECT a.kind, a.name, a.currency, p.amount_minor, f.balance_minor, t.reverses
        FROM ledger.transfers t
            JOIN ledger.postings p ON p.transfer_number = t.number
            JOIN ledger.accounts a ON a.id = p.account_id
            LEFT JOIN ledger.funds f ON f.account_id = a.id
        WHERE t.id = transfer_id;
END $$;

-- What a wallet has and what its organisation owes, with the wallet locked, so that two collections
-- of one debt cannot both take it.
CREATE FUNCTION ledger.lock_debt(organisation_id text, wallet_currency text)
    RETURNS TABLE (available_minor bigint, owed_minor bigint) LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    wallet_id bigint;
BEGIN
    IF NOT infra.may_see(organisation_id) THEN
        RETURN;
    END IF;
    SELECT a.id INTO wallet_id FROM ledger.accounts a
        WHERE a.kind = 'wallet' AND a.name = organisation_id AND a.currency = wallet_currency;
    PERFORM FROM ledger.funds f WHERE f.account_id = wallet_id FOR NO KEY UPDATE;
    RETURN QUERY
        SELECT f.balance_minor, coalesce((
            SELECT -sum(s.balance_minor)::bigint
            FROM ledger.accounts o JOIN ledger.stripes s ON s.account_id = o.id
            WHERE o.kind = 'owed' AND o.name = organisation_id AND o.currency = wallet_currency
        ), 0)
        FROM ledger.funds f WHERE f.account_id = wallet_id;
END $$;

REVOKE ALL ON FUNCTION ledger.lock_for_reversal, ledger.lock_debt FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.lock_for_reversal, ledger.lock_debt TO souk_app;

-- Money on its way in through a payment provider. A deposit ends once, and then never changes.
CREATE SCHEMA payments;
GRANT USAGE ON SCHEMA payments TO souk_app;

CREATE TABLE payments.deposits (
    id text PRIMARY KEY,
    owner_organisation_id text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency text NOT NULL,
    provider text NOT NULL,
    provider_reference text NOT NULL,
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'settled', 'failed')),
    transfer_id text UNIQUE REFERENCES ledger.transfers (id),
    next_url text,
    failure text,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    settled_at timestamptz,
    UNIQUE (provider, provider_reference),
    CHECK ((state = 'settled') = (transfer_id IS NOT NULL)),
    CHECK ((state = 'pending') = (settled_at IS NULL))
);
CREATE INDEX deposits_by_owner ON payments.deposits (owner_organisation_id, id);
CREATE TRIGGER deposits_end_once BEFORE UPDATE ON payments.deposits
    FOR EACH ROW WHEN (OLD.state <> 'pending') EXECUTE FUNCTION infra.refuse_change();
ALTER TABLE payments.deposits ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON payments.deposits USING (infra.may_see(owner_organisation_id));
GRANT SELECT, INSERT, UPDATE (state, transfer_id, failure, settled_at) ON payments.deposits
    TO souk_app;
