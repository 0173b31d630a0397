-- Notices.
SELECT 1;
