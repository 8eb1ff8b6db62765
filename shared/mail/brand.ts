/** Whose mail it is: what it looks like at its head and foot. */
export interface Brand {
  /** Name at the head and in the text. */
  readonly name: string;
  /** Where the name or logo leads; null = nowhere. */
  readonly url: string | null;
  /** An image over https, 40 pixels high as it is shown; null = the name is written. */
  readonly logoUrl: string | null;
  /** Colour of buttons and links, `#rrggbb`. */
  readonly color: string;
  /** Postal address at the foot, as the law of many countries wants it; null = none. */
  readonly address: string | null;
  /** Where answers go; null = to the sender. */
  readonly replyTo: string | null;
}

/** What an organization has set of it; null = nothing. */
export interface OrganizationBrand {
  readonly name: string | null;
  readonly logo_url: string | null;
  readonly color: string | null;
  readonly reply_to: string | null;
}

/**
 * A brand with what an organization has set of it. Where it has a name or a logo of its own, those of the platform go:
 * nobody's name stands beside another's logo. The postal address stays that of who sends.
 */
export function withOrganizationBrand(brand: Brand, own: OrganizationBrand | undefined): Brand {
  if (own === undefined) return brand;
  const isNamed = own.name !== null || own.logo_url !== null;
  return {
    ...brand,
    ...(isNamed && { name: own.name ?? brand.name, logoUrl: own.logo_url, url: null }),
    color: own.color ?? brand.color,
    replyTo: own.reply_to ?? brand.replyTo,
  };
}

/** What stands there when nothing is set. */
export const DEFAULT_BRAND: Brand = {
  name: "Millrace",
  url: null,
  logoUrl: null,
  color: "#1f5fbf",
  address: null,
  replyTo: null,
};

/** Black or white, whichever can be read better on a colour. */
export function readableOn(color: string): "#ffffff" | "#111111" {
  return contrast("#ffffff", color) >= contrast("#111111", color) ? "#ffffff" : "#111111";
}

/** Of text that is not large: WCAG 2.2, 1.4.3. */
const LEAST_CONTRAST = 4.5;

/**
 * A colour as text: moved towards white or black until it can be read on its ground.
 *
 * @param ground What it stands on, `#rrggbb`.
 */
export function legible(color: string, ground: string): string {
  const end = readableOn(ground) === "#ffffff" ? 255 : 0;
  for (let share = 0; share < 1; share += 0.05) {
    const hex = channels(color).map((value) => Math.round(value + (end - value) * share).toString(16).padStart(2, "0"));
    const moved = `#${hex.join("")}`;
    if (contrast(moved, ground) >= LEAST_CONTRAST) return moved;
  }
  return readableOn(ground);
}

/** How well two colours stand apart, 1 to 21. https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: string, other: string): number {
  const [low = 0, high = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** https://www.w3.org/TR/WCAG22/#dfn-relative-luminance */
function luminance(color: string): number {
  const [red, green, blue] = channels(color).map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function channels(color: string): [number, number, number] {
  const value = Number.parseInt(color.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}
