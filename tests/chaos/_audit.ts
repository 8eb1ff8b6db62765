/**
 * What a scenario's database writes down about itself, in the transactions of the engine: every lease of every token, and
 * every result that was accepted. From it follows, without trusting the engine, whether a stale write was accepted, and how
 * long the work of a lost worker lay idle.
 *
 * @module
 */
import type { TestDatabase } from "../helpers/postgres.ts";

/**
 * The trigger runs while the row of the token is locked, and so does the wrapper after its settle: for one token `seq`
 * is the order in which things happened.
 */
const INSTALL = `
  create schema chaos;
  create sequence chaos.seq;
  create table chaos.leases (
    seq bigint not null default nextval('chaos.seq'),
    at timestamptz not null default clock_timestamp(),
    xid xid8 not null default pg_current_xact_id(),
    job uuid not null,
    epoch integer,
    worker uuid
  );
  create index on chaos.leases (job, seq);
  create table chaos.settles (
    seq bigint not null default nextval('chaos.seq'),
    at timestamptz not null default clock_timestamp(),
    xid xid8 not null default pg_current_xact_id(),
    job uuid not null,
    epochs integer[] not null,
    worker uuid not null
  );
  create index on chaos.settles (job, seq);

  create function chaos.note_lease() returns trigger language plpgsql security definer set search_path = '' as $$
  begin
    if tg_op = 'DELETE' then
      insert into chaos.leases (job) values (old.id);
    elsif tg_op = 'INSERT' or new.worker_id is distinct from old.worker_id or new.epoch <> old.epoch then
      insert into chaos.leases (job, epoch, worker) values (new.id, new.epoch, new.worker_id);
    end if;
    return null;
  end $$;
  create trigger note_lease after insert or update or delete on public.job_queue
    for each row execute function chaos.note_lease();

  alter function engine.settle_jobs(uuid, jsonb) rename to settle_jobs_itself;
  create function engine.settle_jobs(p_worker_id uuid, p_results jsonb) returns jsonb
  language plpgsql security definer set search_path = '' as $$
  declare
    v_reply jsonb := engine.settle_jobs_itself(p_worker_id, p_results);
  begin
    insert into chaos.settles (job, epochs, worker)
    select s.job, (select array_agg(r.epoch) from jsonb_to_recordset(p_results) as r (job uuid, epoch integer) where r.job = s.job),
      p_worker_id
    from (select value::uuid as job from jsonb_array_elements_text(v_reply -> 'settled')) s;
    return v_reply;
  end $$;
  grant execute on function engine.settle_jobs(uuid, jsonb) to service_role;

  -- Jobs: the row of their lease is the fence. A lease is noted as a token that is claimed once.
  create function chaos.note_job_lease() returns trigger language plpgsql security definer set search_path = '' as $$
  begin
    if tg_op = 'DELETE' then
      insert into chaos.leases (job) values (old.id);
    else
      insert into chaos.leases (job, epoch, worker) values (new.id, 0, new.worker_id);
    end if;
    return null;
  end $$;
  create trigger note_job_lease after insert or delete on private.job_leases
    for each row execute function chaos.note_job_lease();
  alter function engine.finish_jobs(uuid, jsonb) rename to finish_jobs_itself;
  create function engine.finish_jobs(p_worker_id uuid, p_results jsonb) returns jsonb
  language plpgsql security definer set search_path = '' as $$
  declare
    v_reply jsonb := engine.finish_jobs_itself(p_worker_id, p_results);
  begin
    insert into chaos.settles (job, epochs, worker)
    select distinct r.lease, array[0], p_worker_id from jsonb_to_recordset(p_results) as r (lease uuid, job uuid)
    where v_reply -> 'settled' ? r.job::text or v_reply -> 'leases' ? r.lease::text;
    return v_reply;
  end $$;
  grant execute on function engine.finish_jobs(uuid, jsonb) to service_role;

  -- The database's clock: a scenario moves it forward, and all leases that nobody prolongs are over.
  create table chaos.clock (shift interval not null);
  insert into chaos.clock values ('0');
  create or replace function private.now() returns timestamptz language plpgsql stable security definer
  set search_path = '' as $$ begin return clock_timestamp() + (select c.shift from chaos.clock c); end $$;
`;

/** Begins to write down. */
export async function installAudit(db: TestDatabase): Promise<void> {
  await db.sql.unsafe(INSTALL);
}

/** Moves the database's clock. */
export async function passTime(db: TestDatabase, seconds: number): Promise<void> {
  await db.sql`update chaos.clock set shift = shift + make_interval(secs => ${seconds})`;
}

/** How many results were accepted, and which of them although the token was not the worker's any more. */
export async function acceptedWrites(db: TestDatabase): Promise<{ accepted: number; stale: string[] }> {
  const [counted] = await db.sql<{ n: number }[]>`select count(*)::int as n from chaos.settles`;
  const stale = await db.sql<{ what: string }[]>`
    select s.job || ' by ' || s.worker as what from chaos.settles s
    left join lateral (
      select l.epoch, l.worker from chaos.leases l
      where l.job = s.job and l.seq < s.seq and l.xid <> s.xid order by l.seq desc limit 1
    ) l on true
    where l.worker is distinct from s.worker or l.epoch is null or l.epoch <> all (s.epochs)`;
  return { accepted: counted?.n ?? 0, stale: stale.map(({ what }) => what) };
}

/** A moment at which work was interrupted. */
export interface Interruption {
  /** `Date.now()` of the moment. */
  at: number;
  /** Only what this worker held; absent = what anybody did. */
  worker?: string;
}

/** How the work that was interrupted went on. */
export interface Resumption {
  /** Tokens and leases of jobs that were held at those moments. */
  held: number;
  /** Longest time that one of them lay idle, milliseconds. */
  longestMs: number;
}

/**
 * Looks how long the work that was interrupted lay idle: until it was leased again, or a result of it was accepted. Who
 * was to go on may have been interrupted as well: the time counts from the last moment before.
 */
export async function resumption(db: TestDatabase, ...interruptions: Interruption[]): Promise<Resumption> {
  const moments = JSON.stringify(
    interruptions.map(({ at, worker = null }) => ({ at: new Date(at).toISOString(), worker })),
  );
  const [row] = await db.sql<{ held: number; ms: number | null }[]>`
    with moments as (
      select m.at, m.worker from jsonb_to_recordset(${moments}::text::jsonb) as m (at timestamptz, worker uuid)
    ),
    held as (
      select m.at, h.job, h.worker from moments m
      cross join lateral (
        select distinct on (l.job) l.job, l.worker from chaos.leases l where l.at <= m.at order by l.job, l.seq desc
      ) h
      where h.worker is not null and (m.worker is null or h.worker = m.worker)
    )
    select count(*)::int as held, max(extract(epoch from n.at - (
      select max(m.at) from moments m where m.at < n.at
    )) * 1000)::float8 as ms
    from held h
    cross join lateral (
      select min(x.at) as at from (
        select l.at from chaos.leases l
        where l.job = h.job and l.at > h.at
          and (l.worker <> h.worker or (l.worker is null and l.epoch is null))
        union all
        select s.at from chaos.settles s where s.job = h.job and s.at > h.at
      ) x
    ) n`;
  return { held: row?.held ?? 0, longestMs: Math.round(row?.ms ?? 0) };
}

/** Milliseconds from a moment to the first result that was accepted after it; null = none was. */
export async function firstSettleAfter(db: TestDatabase, at: number): Promise<number | null> {
  const moment = new Date(at);
  const [row] = await db.sql<{ ms: number | null }[]>`
    select (extract(epoch from min(s.at) - ${moment}::timestamptz) * 1000)::float8 as ms from chaos.settles s where s.at > ${moment}`;
  return row?.ms === null || row?.ms === undefined ? null : Math.round(row.ms);
}

/** How many workers had results accepted both before a moment and after a later one: they lived through what was between. */
export async function wentOn(db: TestDatabase, before: number, after: number): Promise<number> {
  const [row] = await db.sql<{ n: number }[]>`
    select count(*)::int as n from (
      select s.worker from chaos.settles s group by s.worker
      having min(s.at) < ${new Date(before)} and max(s.at) > ${new Date(after)}
    ) w`;
  return row?.n ?? 0;
}
