-- Orders and refunds.
SELECT 1;
