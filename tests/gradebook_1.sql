-- written by labcore 0.1.0, whose gradebooks knew students by their names alone
PRAGMA application_id = 1818321511;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE overrides (
    id INTEGER PRIMARY KEY,
    student TEXT NOT NULL,
    exercise TEXT NOT NULL,
    question TEXT NOT NULL,
    earned REAL NOT NULL,
    author TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason <> ''),
    made_at TEXT NOT NULL
);
INSERT INTO "overrides" VALUES(1,'Dilan Rename','01_small','q1',1.0,'T','right, renamed','2026-01-06T10:00:00+00:00');
INSERT INTO "overrides" VALUES(2,'Bo','01_small','q1',2.0,'T','a fair point','2026-01-07T10:00:00+00:00');
INSERT INTO "overrides" VALUES(3,'Ada Lovelace','01_small','q1',1.5,'T','late','2026-01-08T10:00:00+00:00');
CREATE TABLE results (
    id INTEGER PRIMARY KEY,     -- grows in the order of the questions
    submission INTEGER NOT NULL REFERENCES submissions ON DELETE CASCADE,
    question TEXT NOT NULL,
    points REAL NOT NULL,
    earned REAL NOT NULL CHECK (earned BETWEEN 0 AND points),
    outcome TEXT NOT NULL,
    message TEXT NOT NULL,
    slip TEXT NOT NULL,
    UNIQUE (submission, question)
);
INSERT INTO "results" VALUES(1,1,'q1',2.0,2.0,'partial','q1: said','');
INSERT INTO "results" VALUES(2,1,'q2',3.0,3.0,'passed','q2: right','');
INSERT INTO "results" VALUES(3,2,'q1',2.0,0.0,'failed','q1: said','');
INSERT INTO "results" VALUES(4,2,'q2',3.0,3.0,'passed','q2: right','');
INSERT INTO "results" VALUES(5,3,'q1',2.0,1.0,'partial','q1: said','');
INSERT INTO "results" VALUES(6,3,'q2',3.0,3.0,'passed','q2: right','');
INSERT INTO "results" VALUES(7,4,'q1',2.0,0.0,'failed','q1: said','');
INSERT INTO "results" VALUES(8,4,'q2',3.0,3.0,'passed','q2: right','');
INSERT INTO "results" VALUES(9,5,'q1',2.0,0.0,'failed','q1: said','');
INSERT INTO "results" VALUES(10,5,'q2',3.0,3.0,'passed','q2: right','');
INSERT INTO "results" VALUES(11,6,'q1',2.0,2.0,'partial','q1: said','');
INSERT INTO "results" VALUES(12,6,'q2',3.0,3.0,'passed','q2: right','');
CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    started TEXT NOT NULL,      -- UTC, ISO 8601, as all times here
    finished TEXT,              -- NULL while it runs, and for good where it was given up
    seeds TEXT NOT NULL,        -- JSON: exercise -> seed of the hidden inputs
    keys TEXT NOT NULL,         -- JSON: exercise -> hash of its key
    confinement TEXT NOT NULL,
    limits TEXT NOT NULL,       -- JSON
    versions TEXT NOT NULL,     -- JSON: package -> version
    source TEXT NOT NULL        -- name of the folder or archive of submissions
);
INSERT INTO "runs" VALUES(1,'2026-01-01T10:00:00+00:00','2026-01-05T10:00:00+00:00','{"01_small": 7}','{"01_small": "k1"}','landlock','{"cell": 30.0, "disk": 64000000.0, "memory": 2000000000.0, "output": 1000000.0, "processes": 0, "total": 300.0}','{"labcore": "0.1.0"}','week 1');
INSERT INTO "runs" VALUES(2,'2026-01-09T10:00:00+00:00','2026-01-11T10:00:00+00:00','{"01_small": 7}','{"01_small": "k1"}','landlock','{"cell": 30.0, "disk": 64000000.0, "memory": 2000000000.0, "output": 1000000.0, "processes": 0, "total": 300.0}','{"labcore": "0.1.0"}','week 1');
INSERT INTO "runs" VALUES(3,'2026-01-12T10:00:00+00:00','2026-01-15T10:00:00+00:00','{"01_small": 7}','{"01_small": "k1"}','landlock','{"cell": 30.0, "disk": 64000000.0, "memory": 2000000000.0, "output": 1000000.0, "processes": 0, "total": 300.0}','{"labcore": "0.1.0"}','week 1');
CREATE TABLE submissions (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs,
    judged_in INTEGER NOT NULL REFERENCES runs,  -- the run whose seed it met; an earlier one where it was carried over
    student TEXT NOT NULL,
    exercise TEXT NOT NULL,
    file TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    flags TEXT NOT NULL,        -- JSON: [{"code", "words"}]
    seconds REAL NOT NULL,
    recorded TEXT NOT NULL,
    UNIQUE (student, exercise, run)
);
INSERT INTO "submissions" VALUES(1,1,1,'Ada Lovelace','01_small','Ada Lovelace_1001_assignsubmission_file_/01_small.ipynb','hash of Ada Lovelace_1001_assignsubmission_file_ 2','[]',0.5,'2026-01-02T10:00:00+00:00');
INSERT INTO "submissions" VALUES(2,1,1,'Dilan Rename','01_small','Dilan Rename_1006_assignsubmission_file_/01_small.ipynb','hash of Dilan Rename_1006_assignsubmission_file_ 0','[]',0.5,'2026-01-03T10:00:00+00:00');
INSERT INTO "submissions" VALUES(3,1,1,'Bo','01_small','Bo/01_small.ipynb','hash of Bo 1','[]',0.5,'2026-01-04T10:00:00+00:00');
INSERT INTO "submissions" VALUES(4,2,2,'Ada Lovelace','01_small','Ada Lovelace_1777_assignsubmission_file_/01_small.ipynb','hash of Ada Lovelace_1777_assignsubmission_file_ 0','[]',0.5,'2026-01-10T10:00:00+00:00');
INSERT INTO "submissions" VALUES(5,3,3,'Dilan Rename 1006','01_small','Dilan Rename_1006_assignsubmission_file_/01_small.ipynb','hash of Dilan Rename_1006_assignsubmission_file_ 0','[]',0.5,'2026-01-13T10:00:00+00:00');
INSERT INTO "submissions" VALUES(6,3,3,'Dilan Rename 1099','01_small','Dilan Rename_1099_assignsubmission_file_/01_small.ipynb','hash of Dilan Rename_1099_assignsubmission_file_ 2','[]',0.5,'2026-01-14T10:00:00+00:00');
CREATE INDEX overrides_by_question ON overrides (student, exercise, question);
CREATE TRIGGER overrides_stay BEFORE DELETE ON overrides BEGIN SELECT RAISE(ABORT, 'an override is never deleted'); END;
CREATE TRIGGER overrides_last BEFORE UPDATE ON overrides BEGIN SELECT RAISE(ABORT, 'an override is never changed'); END;
CREATE VIEW latest AS  -- the submissions that count: of each student and exercise the one in the latest run
SELECT * FROM submissions AS s
WHERE run = (SELECT max(run) FROM submissions AS t WHERE t.student = s.student AND t.exercise = s.exercise);
CREATE VIEW final AS   -- what each question earns in the end; a key that gives fewer points now caps an override
SELECT s.run, s.student, s.exercise, r.question, r.points, coalesce(min(o.earned, r.points), r.earned) AS earned,
       r.earned AS graded, r.outcome, r.message, r.slip, o.id IS NOT NULL AS overridden,
       o.author, o.reason, o.made_at, s.id AS submission, r.id AS result
FROM latest AS s JOIN results AS r ON r.submission = s.id LEFT JOIN overrides AS o
ON o.id = (SELECT max(id) FROM overrides AS p
           WHERE p.student = s.student AND p.exercise = s.exercise AND p.question = r.question);
COMMIT;
