BEGIN TRANSACTION;
CREATE TABLE client_token (
    token TEXT NOT NULL,
    operation TEXT NOT NULL,
    request BLOB NOT NULL,      -- a digest of the request
    used INTEGER NOT NULL,
    PRIMARY KEY (token, operation)
) WITHOUT ROWID;
INSERT INTO "client_token" VALUES('27d5856c-2556-45de-95a7-88fad74d443a','DeleteSchedule',X'17673DCF56930F99664477647222B898',1793620800000);
INSERT INTO "client_token" VALUES('89df43b2-8907-44b5-a017-f15ade3af7df','DeleteSchedule',X'BBC2C6F3479A8942BA460B0D781CFD8E',1793620800000);
INSERT INTO "client_token" VALUES('e3e24d2f-156e-49f8-9c3e-86ffa51d3ce0','DeleteSchedule',X'AA9C2A12D8C3434692863254D8820A44',1793620800000);
INSERT INTO "client_token" VALUES('e9495cd9-d06f-4c58-8ac8-8226a22b7984','CreateScheduleGroup',X'E4E61E6347026252C0527DE4AF538DDF',1793620800000);
INSERT INTO "client_token" VALUES('k3v9q2m4cx7a-1','CreateSchedule',X'DD381A2C1D333CDBEBDA1304E6FE9AA9',1793620800000);
INSERT INTO "client_token" VALUES('k3v9q2m4cx7b-1','CreateSchedule',X'08E92A512D19E15160FCEE0C2D9F98D4',1793620800000);
INSERT INTO "client_token" VALUES('k3v9q2m4cx7b-2','UpdateSchedule',X'6A85EBF24770742C861A474D1065D4AF',1793620800000);
INSERT INTO "client_token" VALUES('k3v9q2m4cx7c-1','CreateSchedule',X'3BDF9E44BD9714F58490BE2946996FC5',1793620800000);
INSERT INTO "client_token" VALUES('k3v9q2m4cx7d-1','CreateSchedule',X'169DEC5BBD184BDFE554554F244370DC',1793620800000);
INSERT INTO "client_token" VALUES('k3v9q2m4cx7e-1','CreateSchedule',X'6308D273689E10F2BF39D853A4178620',1793620800000);
INSERT INTO "client_token" VALUES('k3v9q2m4cx7f-1','CreateSchedule',X'34EFA2699225B658731A94FA3DE08E6C',1793620800000);
CREATE TABLE engine_process (
    token TEXT PRIMARY KEY,     -- its presence
    heartbeat INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE invocation (
    id TEXT PRIMARY KEY,        -- the execution id
    generation INTEGER,         -- the schedule's id; NULL for a direct invocation
    schedule_name TEXT,
    function_arn TEXT NOT NULL,
    payload BLOB NOT NULL,
    scheduled INTEGER NOT NULL,
    first_due INTEGER NOT NULL, -- what its age is counted from
    attempts INTEGER NOT NULL,
    next_attempt INTEGER,       -- NULL while it runs and when it is over
    owner TEXT,                 -- the process that runs it
    lease_until INTEGER,
    state TEXT NOT NULL,        -- waiting, running or dead; one that succeeded is deleted
    error TEXT,
    finished INTEGER            -- when it became a dead letter
) WITHOUT ROWID;
CREATE TABLE schedule (
    id INTEGER PRIMARY KEY AUTOINCREMENT,  -- the generation: a name made again gets another
    group_name TEXT NOT NULL,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    target_arn TEXT NOT NULL,
    definition TEXT NOT NULL,              -- JSON, as GetSchedule answers it, without its dates of change
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    anchor INTEGER NOT NULL,               -- when its expression was set: what a rate() counts from
    fired INTEGER,                         -- the last occurrence handed over
    occurrence INTEGER,                    -- the next one; NULL: none will come, or the schedule is disabled
    due INTEGER                            -- when the next one is handed over: later than it in a flexible window
);
INSERT INTO "schedule" VALUES(1,'punctual','post-20261105T080000Z-k3v9q2m4cx7a','ENABLED','arn:aws:lambda:us-east-1:000000000000:function:punctual-relay','{"GroupName":"punctual","ScheduleExpressionTimezone":"UTC","State":"ENABLED","ActionAfterCompletion":"DELETE","Name":"post-20261105T080000Z-k3v9q2m4cx7a","ScheduleExpression":"at(2026-11-05T08:00:00)","Description":"outbox: Still to come","Target":{"Arn":"arn:aws:lambda:us-east-1:000000000000:function:punctual-relay","RoleArn":"arn:aws:iam::000000000000:role/punctual-scheduler","RetryPolicy":{"MaximumEventAgeInSeconds":900,"MaximumRetryAttempts":10},"Input":"{\"version\":1,\"occurrence\":\"<aws.scheduler.scheduled-time>\",\"post_id\":\"k3v9q2m4cx7a\",\"revision\":1,\"text\":\"Still to come\",\"variants\":{},\"destinations\":[\"outbox\"],\"media\":[],\"zone\":\"Europe/Berlin\",\"wall\":\"2026-11-05T09:00:00\",\"due_at\":\"2026-11-05T08:00:00Z\",\"late_after_minutes\":60}"},"FlexibleTimeWindow":{"Mode":"OFF"},"Arn":"arn:aws:scheduler:us-east-1:000000000000:schedule/punctual/post-20261105T080000Z-k3v9q2m4cx7a"}',1793620800000,1793620800000,1793620800000,NULL,1793865600000,1793865600000);
INSERT INTO "schedule" VALUES(2,'punctual','post-20261106T080000Z-k3v9q2m4cx7b','DISABLED','arn:aws:lambda:us-east-1:000000000000:function:punctual-relay','{"GroupName":"punctual","ScheduleExpressionTimezone":"UTC","State":"DISABLED","ActionAfterCompletion":"DELETE","Name":"post-20261106T080000Z-k3v9q2m4cx7b","ScheduleExpression":"at(2026-11-06T08:00:00)","Description":"outbox: Paused","Target":{"Arn":"arn:aws:lambda:us-east-1:000000000000:function:punctual-relay","RoleArn":"arn:aws:iam::000000000000:role/punctual-scheduler","RetryPolicy":{"MaximumEventAgeInSeconds":900,"MaximumRetryAttempts":10},"Input":"{\"version\":1,\"occurrence\":\"<aws.scheduler.scheduled-time>\",\"post_id\":\"k3v9q2m4cx7b\",\"revision\":2,\"text\":\"Paused\",\"variants\":{},\"destinations\":[\"outbox\"],\"media\":[],\"zone\":\"Europe/Berlin\",\"wall\":\"2026-11-06T09:00:00\",\"due_at\":\"2026-11-06T08:00:00Z\",\"late_after_minutes\":60}"},"FlexibleTimeWindow":{"Mode":"OFF"},"Arn":"arn:aws:scheduler:us-east-1:000000000000:schedule/punctual/post-20261106T080000Z-k3v9q2m4cx7b"}',1793620800000,1793620800001,1793620800000,NULL,NULL,NULL);
INSERT INTO "schedule" VALUES(4,'punctual','repeat-k3v9q2m4cx7d','ENABLED','arn:aws:lambda:us-east-1:000000000000:function:punctual-relay','{"GroupName":"punctual","ScheduleExpressionTimezone":"Europe/Berlin","State":"ENABLED","ActionAfterCompletion":"NONE","Name":"repeat-k3v9q2m4cx7d","ScheduleExpression":"cron(0 9 * * ? *)","StartDate":1793660400,"Description":"outbox: Every day","Target":{"Arn":"arn:aws:lambda:us-east-1:000000000000:function:punctual-relay","RoleArn":"arn:aws:iam::000000000000:role/punctual-scheduler","RetryPolicy":{"MaximumEventAgeInSeconds":900,"MaximumRetryAttempts":10},"Input":"{\"version\":1,\"occurrence\":\"<aws.scheduler.scheduled-time>\",\"post_id\":\"k3v9q2m4cx7d\",\"revision\":1,\"text\":\"Every day\",\"variants\":{},\"destinations\":[\"outbox\"],\"media\":[],\"zone\":\"Europe/Berlin\",\"wall\":\"2026-11-03T09:00:00\",\"due_at\":null,\"late_after_minutes\":60}"},"FlexibleTimeWindow":{"Mode":"OFF"},"Arn":"arn:aws:scheduler:us-east-1:000000000000:schedule/punctual/repeat-k3v9q2m4cx7d"}',1793620800000,1793620800000,1793620800000,NULL,1793692800000,1793692800000);
CREATE TABLE schedule_group (
    name TEXT PRIMARY KEY,
    tags TEXT NOT NULL DEFAULT '{}',  -- JSON object
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO "schedule_group" VALUES('default','{}',1793620800000,1793620800000);
INSERT INTO "schedule_group" VALUES('punctual','{}',1793620800000,1793620800000);
CREATE UNIQUE INDEX schedule_by_name ON schedule (group_name, name);
CREATE INDEX schedule_disabled ON schedule (group_name, name) WHERE state = 'DISABLED';
CREATE INDEX schedule_due ON schedule (due) WHERE due IS NOT NULL;
CREATE UNIQUE INDEX invocation_once ON invocation (generation, scheduled) WHERE generation IS NOT NULL;
CREATE INDEX invocation_waiting ON invocation (next_attempt) WHERE next_attempt IS NOT NULL;
CREATE INDEX invocation_running ON invocation (owner) WHERE owner IS NOT NULL;
CREATE INDEX invocation_dead ON invocation (finished) WHERE finished IS NOT NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('schedule',6);
COMMIT;
PRAGMA user_version = 1;
