// What every view must be like, whatever it shows: nothing sticks out or is cut off, text can be read, and what can be used has a
// name. Runs in the page; answers what is wrong.
export function faultsOfLook() {
  const found = new Set();
  const room = document.documentElement.clientWidth;
  const name = (element) => {
    const text = element.textContent.trim().replace(/\s+/g, " ").slice(0, 30);
    return `${element.tagName.toLowerCase()}${[...element.classList].map((one) => `.${one}`).join("")} "${text}"`;
  };

  // --- Colours: of the text, and of what lies behind it.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parse = (text) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = text;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, below) => [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3])).concat(1);
  const behind = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) {
      const colour = parse(getComputedStyle(one).backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const light = (colour) => {
    const [r, g, b] = colour.slice(0, 3).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  // --- The page as a whole.
  if (document.documentElement.scrollWidth > room) found.add(`the page is ${document.documentElement.scrollWidth - room} px too wide`);
  const levels = [...document.querySelectorAll("h1")].filter((one) => one.checkVisibility());
  if (levels.length !== 1) found.add(`${levels.length} headings of the first level`);
  const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.add(`the id ${id} twice`);

  // What lies under an open dialog is dimmed and cannot be reached.
  const scope = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  for (const element of scope.querySelectorAll("*")) {
    if (element.closest("svg, .chart-plot, .hidden-text, .skip, .folded thead") || !element.checkVisibility()) continue;
    const box = element.getBoundingClientRect();
    if (!box.width || !box.height) continue;
    const style = getComputedStyle(element);
    if (box.right > room + 1 || box.left < -1) found.add(`sticks out: ${name(element)}`);
    const cut = element.scrollWidth > element.clientWidth + 1 && style.overflowX === "hidden" && style.textOverflow !== "ellipsis";
    if (cut && element.clientWidth > 0) found.add(`cut off: ${name(element)}`);
    if (element.matches(".table-frame") && element.scrollWidth > element.clientWidth + 1) found.add(`a table does not fit: ${name(element)}`);

    const text = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (text && !element.closest("[aria-disabled=true]") && Number(style.opacity) === 1) {
      const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
      const ratio = contrast(over(parse(style.color), behind(element)), behind(element));
      if (ratio < (large ? 3 : 4.5)) found.add(`contrast ${ratio.toFixed(2)}: ${name(element)}`);
    }

    if (element.matches("a[href], button, input, select, textarea, [role=button]")) {
      const labelled = element.labels?.length || element.ariaLabel || element.getAttribute("aria-labelledby") || element.textContent.trim();
      if (!labelled && element.type !== "hidden") found.add(`no name: ${element.outerHTML.slice(0, 80)}`);
      // The least size of a target is 24 by 24 (WCAG 2.2), save for links in running text.
      if (element.matches("button, select") && (box.width < 20 || box.height < 20)) found.add(`too small to hit: ${name(element)}`);
    }
  }
  return [...found];
}

// Goes through everything that Tab reaches, and answers what shows no ring.
export async function withoutRing(page, most = 60) {
  const found = [];
  await page.evaluate(() => {
    document.activeElement?.blur();
    window.scrollTo(0, 0);
  });
  for (let step = 0; step < most; step++) {
    await page.keyboard.press("Tab");
    const one = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const style = getComputedStyle(element);
      const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      return { ring, what: element.outerHTML.slice(0, 80) };
    });
    if (!one) break;
    if (!one.ring) found.push(one.what);
  }
  return found;
}
