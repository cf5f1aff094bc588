#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# sqlite.sh ROWS: a speed test of tables, indexes, joins and transactions in a file, and sums of what came out.
set -eu

sqlite3 test.db <<SQL
PRAGMA journal_mode = WAL;
CREATE TABLE t(id INTEGER PRIMARY KEY, key INTEGER, word TEXT);
BEGIN;
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
INSERT INTO t SELECT i, (i * 48271) % 65537, printf('%08x-%d', (i * 69621) % 2147483647, i) FROM n;
COMMIT;
CREATE INDEX by_key ON t(key);
CREATE INDEX by_word ON t(word);
SELECT count(*), sum(key), min(word), max(word) FROM t;
SELECT sum(a.key * b.id) % 1000003 FROM t a JOIN t b ON b.key = a.id % 65537;
UPDATE t SET word = word || 'x' WHERE key % 3 = 0;
DELETE FROM t WHERE key % 7 = 0;
SELECT count(*), sum(length(word)) FROM t WHERE word > '4';
SELECT key / 1024, count(*), max(word) FROM t GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 5;
VACUUM;
PRAGMA integrity_check;
SQL
