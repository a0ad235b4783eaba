fn main() {
    println!("cargo:rerun-if-changed=src/traps.c");
    cc::Build::new().file("src/traps.c").compile("traps");
}
