-- Provenance log and licences.
SELECT 1;
