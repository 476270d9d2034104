# Reads Cargo.lock for checksums and then `cargo tree --prefix depth --format '|{p}|{l}|'`; prints CycloneDX. See sbom.sh.

function quoted(text) {
    gsub(/\\/, "\\\\", text)
    gsub(/"/, "\\\"", text)
    return "\"" text "\""
}

# Where one is published, which also names it within this list.
function purl(name, version) {
    return "pkg:cargo/" name "@" version
}

# The old way to write a choice is no licence expression.
function licence(text) {
    gsub(/ *\/ */, " OR ", text)
    return text
}

FNR == 1 { file++ }

file == 1 && $1 == "name" { name = unquoted($3) }
file == 1 && $1 == "version" { version = unquoted($3) }
file == 1 && $1 == "checksum" { checksum[purl(name, version)] = unquoted($3) }

function unquoted(text) {
    gsub(/"/, "", text)
    return text
}

file == 2 {
    split($0, field, "|")
    depth = field[1] + 0
    split(field[2], word, " ")
    version = substr(word[2], 2)
    ref = purl(word[1], version)
    at[depth] = ref
    if (!(ref in names)) {
        order[++count] = ref
        names[ref] = word[1]
        versions[ref] = version
        licences[ref] = licence(field[3])
    }
    if (depth > 0) {
        edge = at[depth - 1] SUBSEP ref
        if (!(edge in known)) {
            known[edge] = 1
            needs[at[depth - 1]] = needs[at[depth - 1]] (needs[at[depth - 1]] == "" ? "" : ", ") quoted(ref)
        }
    }
}

function component(ref, type, indent,   text) {
    text = indent "{\n" indent "  \"type\": " quoted(type) ",\n"
    text = text indent "  \"bom-ref\": " quoted(ref) ",\n"
    text = text indent "  \"name\": " quoted(names[ref]) ",\n"
    text = text indent "  \"version\": " quoted(versions[ref])
    if (licences[ref] != "")
        text = text ",\n" indent "  \"licenses\": [{\"expression\": " quoted(licences[ref]) "}]"
    if (ref in checksum) {
        text = text ",\n" indent "  \"purl\": " quoted(ref)
        text = text ",\n" indent "  \"hashes\": [{\"alg\": \"SHA-256\", \"content\": " quoted(checksum[ref]) "}]"
    }
    return text "\n" indent "}"
}

END {
    if (count == 0 || names[order[1]] != program) {
        print "sbom.awk: cargo tree did not begin with " program > "/dev/stderr"
        exit 1
    }
    print "{"
    print "  \"bomFormat\": \"CycloneDX\","
    print "  \"specVersion\": \"1.5\","
    print "  \"version\": 1,"
    print "  \"metadata\": {"
    print "    \"component\":"
    print component(order[1], "application", "    ")
    print "  },"
    print "  \"components\": ["
    for (i = 2; i <= count; i++)
        print component(order[i], "library", "    ") (i < count ? "," : "")
    print "  ],"
    print "  \"dependencies\": ["
    for (i = 1; i <= count; i++)
        print "    {\"ref\": " quoted(order[i]) ", \"dependsOn\": [" needs[order[i]] "]}" (i < count ? "," : "")
    print "  ]"
    print "}"
}
