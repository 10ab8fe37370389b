import type { Violation } from '@aimass/platform-errors';

/** An amount in billionths of a currency's unit; the integer is text, since it may exceed 2^53. */
export interface Money {
  /** ISO 4217. */
  readonly currency: string;
  readonly nano: string;
}

/** The greatest price of one unit: a million of the currency. */
export const MAX_UNIT_PRICE_NANO = 10n ** 15n;

/** What the wire and the database hold: a signed 64-bit integer. */
const MAX_NANO = 2n ** 63n - 1n;

/** What is wrong with a price of one unit; empty when it can be used. */
export function unitPriceViolations(path: string, price: Money | undefined): Violation[] {
  if (price === undefined) return [{ path, message: 'Give the price of one unit: currency and nano.' }];
  const violations: Violation[] = [];
  if (!/^[A-Z]{3}$/.test(price.currency)) {
    violations.push({
      path: `${path}.currency`,
      message: 'Use an ISO 4217 code of three capitals, for example USD.',
    });
  }
  if (!/^\d{1,16}$/.test(price.nano) || BigInt(price.nano) > MAX_UNIT_PRICE_NANO) {
    violations.push({ path: `${path}.nano`, message: `Use an integer from 0 to ${MAX_UNIT_PRICE_NANO}.` });
  }
  return violations;
}

/** `quantity` units at a price, exactly; null when the amount does not fit into 64 bits. */
export function times(unitPrice: Money, quantity: number): Money | null {
  const nano = BigInt(unitPrice.nano) * BigInt(quantity);
  return fitsNano(nano) ? { currency: unitPrice.currency, nano: nano.toString() } : null;
}

/** Whether an amount of 0 or more fits where amounts are kept. */
export function fitsNano(nano: bigint): boolean {
  return nano >= 0n && nano <= MAX_NANO;
}
