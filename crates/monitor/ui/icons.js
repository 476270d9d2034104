// Line drawings on a grid of 20. They stand beside words and say nothing of their own, so readers skip them.
const PATHS = {
  overview: "M3 16.500V11M7.7 16.500V6M12.3 16.500V9M17 16.500V3.5",
  numbers: "M6.5 2.500h7a1 1 0 0 1 1 1v13a1 1 0 0 1-1 1h-7a1 1 0 0 1-1-1v-13a1 1 0 0 1 1-1zM8.5 14.800h3",
  dead: "M3 11.500l2.6-7.500h8.800l2.6 7.500v5H3zM3 11.500h4.200c0 1.5 1.2 2.5 2.8 2.500s2.8-1 2.8-2.500H17",
  messages: "M4 3.500h12a1.5 1.5 0 0 1 1.5 1.500v7.500A1.5 1.5 0 0 1 16 14H9l-4 3.200V14H4a1.5 1.5 0 0 1-1.5-1.500V5A1.5 1.5 0 0 1 4 3.500zM6 7.200h8M6 10.300h5",
  audit: "M5 2.500h7l3.5 3.500v11.500H5zM12 2.500V6h3.500M7.7 10h5M7.7 13.300h5",
  pause: "M7 4.500v11M13 4.500v11",
  play: "M6.5 4.200l9 5.8-9 5.800z",
  clear: "M3.5 5.500h13M8 5.500v-2h4v2M5.2 5.500l.8 11h8l.8-11M8.5 8.800v4.500M11.5 8.800v4.5",
  replay: "M4 10a6 6 0 1 0 2-4.500M4 3v3.500h3.5",
  stop: "M6.5 2.800h7l3.7 3.700v7l-3.7 3.700h-7L2.8 13.500v-7zM7 10h6",
  gauge: "M3.5 14.500a7 7 0 1 1 13 0M10 12l3.5-4.5",
  search: "M8.7 14.200a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11zM12.8 12.800l4.2 4.2",
  close: "M5 5l10 10M15 5L5 15",
  back: "M11.5 4.500L6 10l5.5 5.5",
  more: "M4.5 7.500L10 13l5.5-5.5",
  send: "M17.5 2.500l-15 6 6 3 3 6zM17.5 2.500l-9 9",
  leave: "M8 3.500H4.500v13H8M8.5 10h8.500M13.8 6.500L17.3 10l-3.5 3.5",
  sun: "M10 13.300a3.3 3.3 0 1 0 0-6.6 3.3 3.3 0 0 0 0 6.600zM10 2v1.500M10 16.500V18M2 10h1.500M16.5 10H18M4.3 4.300l1.1 1.100M14.6 14.600l1.1 1.100M4.3 15.700l1.1-1.100M14.6 5.400l1.1-1.1",
  moon: "M16.5 12A7 7 0 1 1 8 3.500a5.6 5.6 0 0 0 8.5 8.500z",
  system: "M3 3.500h14v9.500H3zM7 16.500h6M10 13v3.5",
  warn: "M10 3l7.5 13.500h-15zM10 8v4M10 14.200v.1",
  check: "M4 10.500l4 4 8-9",
  info: "M10 17.500a7.5 7.5 0 1 0 0-15 7.5 7.5 0 0 0 0 15zM10 9.200v4.500M10 6.400v.1",
  into: "M15 5L6 14M6 7.500V14h6.5",
  out: "M5 15l9-9M7.5 6H14v6.5",
  eye: "M2 10s3-5.5 8-5.5 8 5.5 8 5.5-3 5.5-8 5.500S2 10 2 10zM10 12.300a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.600z",
};

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name] ?? "");
  svg.append(path);
  return svg;
}
