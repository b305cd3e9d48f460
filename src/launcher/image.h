// image.h - see image.c
#ifndef THUBAN_IMAGE_H
#define THUBAN_IMAGE_H
int sealed_image(const char *path);
void refresh_image(int fd);
#endif
