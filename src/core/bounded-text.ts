/** Text from a stream of bytes of which nobody knows how many will come. */

/**
 * @param decoder of its own: it keeps the rest of a piece
 * @throws {Error} what `tooLarge` makes, as soon as there are more bytes: the rest is not read
 */
export async function boundedText(
  pieces: AsyncIterable<Uint8Array>,
  maxBytes: number,
  tooLarge: () => Error,
  decoder: TextDecoder,
): Promise<string> {
  let text = "";
  let bytes = 0;
  for await (const piece of pieces) {
    bytes += piece.byteLength;
    if (bytes > maxBytes) throw tooLarge();
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}
