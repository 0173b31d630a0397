-- The ledger, deposits.
SELECT 1;
