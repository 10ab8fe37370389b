/** A key of a JSON object and its value as text. */
export interface JsonMember {
  readonly key: string;
  /** As it stands in the text. */
  readonly value: string;
}

/**
 * The keys and values of a JSON object, values as they are written: no digit of a number is lost, and a key that is there
 * twice is seen twice. The text must have passed JSON.parse, so that only its structure is looked at.
 */
export function* jsonMembers(text: string): Generator<JsonMember> {
  let at = skipTo(text, 0, '{') + 1;
  for (;;) {
    at = skipSpace(text, at);
    if (text[at] === '}') return;
    if (text[at] === ',') at = skipSpace(text, at + 1);
    const keyEnd = endOfString(text, at);
    const valueStart = skipSpace(text, skipTo(text, keyEnd, ':') + 1);
    const valueEnd = endOfValue(text, valueStart);
    yield { key: JSON.parse(text.slice(at, keyEnd)) as string, value: text.slice(valueStart, valueEnd) };
    at = valueEnd;
  }
}

function endOfValue(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return endOfString(text, start);
  if (first === '{' || first === '[') return endOfNested(text, start);
  let at = start;
  while (!/[,}\s]/.test(text.charAt(at))) at++;
  return at;
}

function endOfNested(text: string, start: number): number {
  let depth = 0;
  for (let at = start; ; at++) {
    const character = text[at];
    if (character === '"') at = endOfString(text, at) - 1;
    else if (character === '{' || character === '[') depth++;
    else if (character === '}' || character === ']') {
      depth--;
      if (depth === 0) return at + 1;
    }
  }
}

/** Behind the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (;;) {
    const quote = text.indexOf('"', at);
    let backslashes = 0;
    while (text[quote - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (/\s/.test(text.charAt(at))) at++;
  return at;
}

function skipTo(text: string, start: number, character: string): number {
  return text.indexOf(character, start);
}
