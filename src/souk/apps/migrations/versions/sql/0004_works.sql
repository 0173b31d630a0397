-- Artifacts, uploads, revisions, listings, offers.
SELECT 1;
