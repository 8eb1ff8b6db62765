/**
 * Who is in which topic: passes messages on and keeps presence.
 *
 * @module
 */

/** A client that has joined a topic. */
export interface Member {
  /** Whether it gets to see who else is there. */
  seesPresence: boolean;
  push(event: string, payload: Record<string, unknown>): void;
}

/** A broadcast as clients receive it. */
export interface Broadcast extends Record<string, unknown> {
  type: "broadcast";
  event: string;
  payload: unknown;
  meta?: { id: string };
}

/** What a member told about itself, and the reference that names this telling. */
type Meta = Record<string, unknown> & { phx_ref: string };

/** Presence as Phoenix tells it: key → metas. */
type Presences = Record<string, { metas: Meta[] }>;

interface Room {
  members: Set<Member>;
  present: Map<Member, { key: string; meta: Meta }>;
}

/** The topics of a project. A private topic and a public one of the same name have nothing in common. */
export class RealtimeHub {
  readonly #rooms = new Map<string, Room>();
  #lastRef = 0;

  /** Whether anybody is anywhere. */
  get isEmpty(): boolean {
    return this.#rooms.size === 0;
  }

  /** The name of a room. */
  static room(topic: string, isPrivate: boolean): string {
    return `${isPrivate ? "private" : "public"}:${topic}`;
  }

  /** Lets a member in. */
  join(room: string, member: Member): void {
    const found = this.#rooms.get(room) ?? { members: new Set(), present: new Map() };
    this.#rooms.set(room, found);
    found.members.add(member);
  }

  /** Lets a member go; the others learn that it is not present any more. */
  leave(room: string, member: Member): void {
    const found = this.#rooms.get(room);
    if (!found?.members.delete(member)) return;
    this.untrack(room, member);
    if (found.members.size === 0) this.#rooms.delete(room);
  }

  /** Passes a message on to everybody in the room, except perhaps one. */
  broadcast(room: string, message: Broadcast, except?: Member): void {
    for (const member of this.#rooms.get(room)?.members ?? []) {
      if (member !== except) member.push("broadcast", message);
    }
  }

  /** Who is present. */
  presences(room: string): Presences {
    return grouped([...this.#rooms.get(room)?.present.values() ?? []]);
  }

  /** Tells the others what a member says about itself, for the first time or anew. */
  track(room: string, member: Member, key: string, payload: Record<string, unknown>): void {
    const found = this.#rooms.get(room);
    if (!found?.members.has(member)) return;
    const before = found.present.get(member);
    const previous = before ? { phx_ref_prev: before.meta.phx_ref } : {};
    const now = { key, meta: { ...payload, ...previous, phx_ref: `F${(++this.#lastRef).toString(36)}` } };
    found.present.set(member, now);
    this.#tell(found, grouped([now]), grouped(before ? [before] : []));
  }

  /** Tells the others that a member is not present any more. */
  untrack(room: string, member: Member): void {
    const found = this.#rooms.get(room);
    const before = found?.present.get(member);
    if (!found || !before) return;
    found.present.delete(member);
    this.#tell(found, {}, grouped([before]));
  }

  #tell({ members }: Room, joins: Presences, leaves: Presences): void {
    for (const member of members) if (member.seesPresence) member.push("presence_diff", { joins, leaves });
  }
}

function grouped(entries: { key: string; meta: Meta }[]): Presences {
  const presences = new Map<string, { metas: Meta[] }>();
  for (const { key, meta } of entries) {
    const found = presences.get(key) ?? { metas: [] };
    found.metas.push(meta);
    presences.set(key, found);
  }
  return Object.fromEntries(presences);
}
