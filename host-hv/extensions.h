/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * extensions.h - what a guest is told of its harts' extensions, one macro a line.
 *
 * OFFERED: if the hart has it.  Unprivileged extensions without state that the world switch does not
 * move, and properties of memory that hold in the guest because they hold on its hart.  Not offered,
 * because it is neither emulated nor tested: H and V; anything that changes translation (Svnapot,
 * Svpbmt, Svinval, Svadu); cache-block management, which works on lines that the shadow hides from the
 * firmware; AIA; counters beyond Zicntr; the entropy source.
 *
 * DECIDED: dtb.c knows when.
 *
 * The launcher reads this list too: the tree of a native run names nothing else (native_tree()).
 */
OFFERED(i)
OFFERED(m)
OFFERED(a)
OFFERED(f)
OFFERED(d)
OFFERED(c)
OFFERED(zic64b)
OFFERED(zicboz)
OFFERED(ziccamoa)
OFFERED(ziccif)
OFFERED(zicclsm)
OFFERED(ziccrse)
OFFERED(zicntr)
OFFERED(zicond)
OFFERED(zicsr)
OFFERED(zifencei)
OFFERED(zihintntl)
OFFERED(zihintpause)
OFFERED(zmmul)
OFFERED(za64rs)
OFFERED(zaamo)
OFFERED(zalrsc)
OFFERED(zacas)
OFFERED(zfa)
OFFERED(zfh)
OFFERED(zfhmin)
OFFERED(zca)
OFFERED(zcb)
OFFERED(zcd)
OFFERED(zba)
OFFERED(zbb)
OFFERED(zbc)
OFFERED(zbkb)
OFFERED(zbkc)
OFFERED(zbkx)
OFFERED(zbs)
OFFERED(zknd)
OFFERED(zkne)
OFFERED(zknh)
DECIDED(sstc)
DECIDED(svade)
DECIDED(svvptc)
