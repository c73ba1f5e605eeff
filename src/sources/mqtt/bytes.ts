/** The bytes that MQTT's packets are made of: numbers, strings, lengths, properties. Pure. */

/** What arrived is not MQTT. */
export class Malformed extends Error {
  override readonly name = "Malformed";
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Bytes of a packet that is being made. */
export class Bytes {
  readonly #parts: Uint8Array[] = [];
  size = 0;

  byte(value: number): this {
    return this.#add(Uint8Array.of(value));
  }

  two(value: number): this {
    return this.#add(Uint8Array.of(value >> 8, value & 0xff));
  }

  four(value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value);
    return this.#add(bytes);
  }

  /** A number of one to four bytes, seven bits in each. */
  length(value: number): this {
    const bytes: number[] = [];
    let rest = value;
    do {
      bytes.push((rest % 128) | (rest >= 128 ? 0x80 : 0));
      rest = Math.floor(rest / 128);
    } while (rest > 0);
    return this.#add(Uint8Array.from(bytes));
  }

  text(value: string): this {
    const bytes = encoder.encode(value);
    if (bytes.length > 0xffff) throw new RangeError("MQTT's strings have at most 65,535 bytes");
    return this.two(bytes.length).#add(bytes);
  }

  append(other: Bytes): this {
    for (const part of other.#parts) this.#add(part);
    return this;
  }

  packet(first: number): Uint8Array<ArrayBuffer> {
    const head = new Bytes().byte(first).length(this.size).append(this);
    const all = new Uint8Array(head.size);
    let at = 0;
    for (const part of head.#parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  #add(part: Uint8Array): this {
    this.#parts.push(part);
    this.size += part.length;
    return this;
  }
}

/** Reads the body of a packet from its start. */
export class Cursor {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  two(): number {
    return (this.byte() << 8) | this.byte();
  }

  four(): number {
    return this.two() * 0x1_0000 + this.two();
  }

  length(): number {
    let value = 0;
    for (let place = 0; place < 4; place++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 128 ** place;
      if ((byte & 0x80) === 0) return value;
    }
    throw new Malformed("a number of more than four bytes");
  }

  text(): string {
    try {
      return decoder.decode(this.take(this.two()));
    } catch (error) {
      throw error instanceof Malformed ? error : new Malformed("a string that is not UTF-8");
    }
  }

  take(count: number): Uint8Array {
    if (count > this.left) throw new Malformed("a packet that ends too early");
    this.at += count;
    return this.#bytes.subarray(this.at - count, this.at);
  }

  rest(): Uint8Array {
    return this.take(this.left);
  }
}

export interface Properties {
  readonly values: ReadonlyMap<number, unknown>;
  readonly user: readonly (readonly [string, string])[];
}

const USER = 0x26;

/** How the value of each property of MQTT 5 is written (MQTT 5, 2.2.2.2). */
const FORMS: ReadonlyMap<number, (body: Cursor) => unknown> = new Map([
  ...[0x01, 0x17, 0x19, 0x24, 0x25, 0x28, 0x29, 0x2a].map((id) => [id, (body: Cursor): unknown => body.byte()] as const),
  ...[0x13, 0x21, 0x22, 0x23].map((id) => [id, (body: Cursor): unknown => body.two()] as const),
  ...[0x02, 0x11, 0x18, 0x27].map((id) => [id, (body: Cursor): unknown => body.four()] as const),
  [0x0b, (body: Cursor): unknown => body.length()] as const,
  ...[0x03, 0x08, 0x12, 0x15, 0x1a, 0x1c, 0x1f].map((id) => [id, (body: Cursor): unknown => body.text()] as const),
  ...[0x09, 0x16].map((id) => [id, (body: Cursor): unknown => body.take(body.two())] as const),
]);

/** The properties that come next in a packet of MQTT 5. */
export function propertiesIn(body: Cursor): Properties {
  const inner = new Cursor(body.take(body.length()));
  const values = new Map<number, unknown>();
  const user: [string, string][] = [];
  while (inner.left > 0) {
    const id = inner.byte();
    if (id === USER) user.push([inner.text(), inner.text()]);
    else {
      const form = FORMS.get(id);
      if (!form) throw new Malformed(`a property ${id}`);
      values.set(id, form(inner));
    }
  }
  return { values, user };
}
