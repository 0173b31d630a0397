-- Dated conversion rates: how many units of a currency one unit of the base was worth on a day.

CREATE SCHEMA rates;
GRANT USAGE ON SCHEMA rates TO souk_app;

CREATE TABLE rates.quotes (
    base text NOT NULL CHECK (base ~ '^[A-Z]{3,5}$'),
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3,5}$'),
    as_of date NOT NULL,
    source text NOT NULL CHECK (source ~ '^[a-z0-9][a-z0-9._-]{0,39}$'),
    rate numeric(36, 18) NOT NULL CHECK (rate > 0),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (base, currency, as_of, source),
    CHECK (base <> currency)
);
GRANT SELECT, INSERT, UPDATE (rate, recorded_at) ON rates.quotes TO souk_app;
