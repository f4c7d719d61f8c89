/** An icon of the sprite in index.html: "i-search" is `name="search"`. */
export function Icon({ name, small = false }: { name: string; small?: boolean }) {
  return <svg className={small ? "i s" : "i"} aria-hidden="true"><use href={`#i-${name}`} /></svg>;
}
