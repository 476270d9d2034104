#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]
use std::hint::black_box; use std::time::Instant;
fn t(name:&str, mut f: impl FnMut()) { let s=Instant::now(); let n=200000; for _ in 0..n { f(); } println!("{name}: {:.0} ns", s.elapsed().as_secs_f64()*1e9/n as f64); }
fn main(){
 let body = std::fs::read("/tmp/one.json").unwrap(); let text=std::str::from_utf8(&body).unwrap();
 println!("{} bytes", body.len());
 t("utf8", ||{black_box(std::str::from_utf8(black_box(&body)).unwrap());});
 t("ignored", ||{black_box(serde_json::from_str::<serde::de::IgnoredAny>(black_box(text)).unwrap());});
 t("poison", ||{black_box(waypost_whatsapp::find_poison(black_box(text)));});
 t("parse", ||{black_box(waypost_whatsapp::parse(black_box(&body)).unwrap());});
 let w=waypost_whatsapp::parse(&body).unwrap();
 t("updates", ||{black_box(black_box(&w).updates());});
 println!("size update {} message {}", size_of::<waypost_whatsapp::Update>(), size_of::<waypost_whatsapp::Message>());
}
