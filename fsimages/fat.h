/* fsimages/fat.h -- FAT12, FAT16 and FAT32 with long names, as FatFs R0.15 reads and writes them on an ESP32 (ESP-IDF,
 * Arduino). Source: Microsoft "FAT: General Overview of On-Disk Format" 1.03; behaviour: espressif/esp-idf
 * components/fatfs.
 *
 * The medium is the volume: what an SD card's partition table says lies above this (fsimages/mbr.h). On a medium that
 * cannot set bits (NOR flash) every write reads, erases and programs whole erase blocks, as a driver without wear
 * levelling does.
 *
 * Codes are FatFs' FRESULT, negated: FR_DISK_ERR -1 to FR_INVALID_PARAMETER -19. A full volume is a short count of
 * write(); a full root directory is FR_DENIED. Like FatFs, and unlike Linux, it goes by the number of clusters alone
 * and refuses a volume laid out as FAT32 with fewer than 65525 of them. Like ESP-IDF's configuration it does not lock
 * files: who removes or renames one that is open damages the volume, as on the device. */
#pragma once
#include "fsimages/fs.h"

extern const struct thm_fs_ops thm_fs_fat;

/* Is this exFAT, as cards above 32 GB are sold with? No driver here reads it: the card must be formatted as FAT32. */
bool thm_exfat_probe(struct thm_medium *m);
